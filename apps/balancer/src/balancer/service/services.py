"""All services of the balancer, built from ports and options. Building starts no thread and opens no socket or file."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from balancer.core import autoscale, roll
from balancer.core.catalogue import Catalogue
from balancer.core.event import Event
from balancer.core.fleet_settings import FleetSettings
from balancer.core.policy import Policy
from balancer.core.protocol import PROTOCOLS
from balancer.ports.clock import Clock
from balancer.ports.data_plane import DataPlane
from balancer.ports.durations import Durations, Unmeasured
from balancer.ports.edge_metrics import EdgeMetrics
from balancer.ports.edges import Edges
from balancer.ports.images import Images
from balancer.ports.local_engine import LocalEngine
from balancer.ports.probe import Probe, Probes
from balancer.ports.randomness import Randomness
from balancer.ports.runtime import ContainerRuntime
from balancer.ports.store import FleetStore
from balancer.ports.traffic import Traffic
from balancer.service.autoscaler import Autoscaler
from balancer.service.certificate_watch import CertificateWatch
from balancer.service.change_queue import ChangeQueue
from balancer.service.deploy_image import DeployImage
from balancer.service.desired import DesiredFleet
from balancer.service.edge_watch import EdgeWatch
from balancer.service.engine_listener import EngineListener
from balancer.service.event_log import EventLog
from balancer.service.failures import Failures
from balancer.service.fleet_service import FleetService
from balancer.service.health import Health
from balancer.service.heartbeat_loop import HeartbeatLoop
from balancer.service.heartbeats import Heartbeats
from balancer.service.image_getter import ImageGetter
from balancer.service.load_history import LoadHistory
from balancer.service.loops import Loops, Round
from balancer.service.nodes import Nodes
from balancer.service.plan_executor import PlanExecutor
from balancer.service.problems import Part, Problems
from balancer.service.reconciler import Reconciler
from balancer.service.release_image import ReleaseImage
from balancer.service.restorer import Restorer
from balancer.service.ring_service import RingService
from balancer.service.rollout import Rollout
from balancer.service.server_workers import ServerWorkers
from balancer.service.sessions import Sessions
from balancer.service.silence_report import SilenceReport
from balancer.service.silence_watch import SilenceWatch
from balancer.service.slow_start import SlowStart, first_ramp
from balancer.service.starter import Starter
from balancer.service.starvation_report import StarvationReport
from balancer.service.status_report import StatusReport
from balancer.service.step_loop import StepLoop
from balancer.service.timed_store import TimedStore
from balancer.service.tokens import Tokens

_REST = 1.0
"""Seconds between two looks of a loop that acts, in a balancer that was superseded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The adapters that the services use, one for each port. `tokens` reads the file with the named tokens; None for no
    such file. `local`: None on several hosts. `listeners`: each gets every event. `edge`: None in the data plane flask.
    `edges`: None on one host.
    `on_loss` is called when another balancer has taken over from this one: then the edges are its own. Several threads
    may find that out at once."""

    runtime: ContainerRuntime
    local: LocalEngine | None
    images: Images
    plane: DataPlane
    traffic: Traffic
    store: FleetStore
    probe: Probe
    probes: Probes
    clock: Clock
    randomness: Randomness
    tokens: Callable[[], bytes | None] | None = None
    listeners: tuple[Callable[[Event], None], ...] = ()
    durations: Durations = Unmeasured()
    edge: EdgeMetrics | None = None
    edges: Edges | None = None
    on_loss: Callable[[], object] = lambda: None


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of the services: mostly the settings of the same names. All times are in seconds. `reserved`:
    hostnames that no server may have. `change_timeout`: the longest time that a change waits for the changes before
    it. `policy`: what a release may ask for. `protocols`: those that the data plane can speak to servers."""

    fleet: FleetSettings
    catalogue: Catalogue
    max_servers: int
    spares: int
    reserved: tuple[str, ...]
    heartbeat_interval: float
    heartbeat_strikes: int
    hang_timeout: float
    start_grace: float
    pull_timeout: float
    drain_timeout: float
    change_timeout: float
    slow_start: float
    policy: Policy
    autoscaling: autoscale.ScalingPolicy | None = None
    protocols: tuple[str, ...] = PROTOCOLS
    token_sha256: str = ""
    name_prefix: str = ""
    edge_lease: float = 3.0

    @property
    def most_servers_at_once(self) -> int:
        """The most servers that are handled at once: all servers leave while as many new ones start."""
        return 2 * (self.max_servers + self.spares) + 8


class Services:
    """Every service by name. A service is built when it is first asked for, with the services that it needs."""

    def __init__(self, ports: Ports, options: Options) -> None:
        self._ports = ports
        self._options = options
        self._ramp = first_ramp(options.slow_start)
        self.wake = threading.Event()
        """Set to call for a step of the reconciler at once."""

    @cached_property
    def events(self) -> EventLog:
        return EventLog(self._ports.clock, listeners=self._ports.listeners, nodes=self.nodes)

    @cached_property
    def nodes(self) -> Nodes:
        return Nodes()

    @cached_property
    def edge_watch(self) -> EdgeWatch:
        return EdgeWatch(
            edges=self._ports.edges,
            problems=self.problems,
            events=self.events,
            clock=self._ports.clock,
            lease=self._options.edge_lease,
        )

    @cached_property
    def problems(self) -> Problems:
        return Problems(self.events)

    @cached_property
    def desired(self) -> DesiredFleet:
        store = TimedStore(self._ports.store, clock=self._ports.clock, durations=self._ports.durations)
        return DesiredFleet(
            store=store,
            plane=self._ports.plane,
            profile=self._options.fleet.profile,
            on_loss=self._lost,
        )

    @cached_property
    def queue(self) -> ChangeQueue:
        return ChangeQueue(desired=self.desired, timeout=self._options.change_timeout)

    @cached_property
    def failures(self) -> Failures:
        return Failures(clock=self._ports.clock, events=self.events)

    @cached_property
    def workers(self) -> ServerWorkers:
        return ServerWorkers(
            desired=self.desired,
            runtime=self._ports.runtime,
            plane=self._ports.plane,
            probe=self._ports.probe,
            clock=self._ports.clock,
            events=self.events,
            nodes=self.nodes,
            start_grace=self._options.start_grace,
            drain_timeout=self._options.drain_timeout,
            cannot_finish=lambda instance: instance in self.watch.finished,
            lost=lambda: self.edge_watch.lost,
            size=self._options.most_servers_at_once,
        )

    @cached_property
    def heartbeats(self) -> Heartbeats:
        return Heartbeats(probes=self._ports.probes, clock=self._ports.clock, strikes=self._options.heartbeat_strikes)

    @cached_property
    def watch(self) -> SilenceWatch:
        return SilenceWatch(
            heartbeats=self.heartbeats,
            plane=self._ports.plane,
            local=self._ports.local,
            clock=self._ports.clock,
            hang_timeout=self._options.hang_timeout,
        )

    @cached_property
    def getter(self) -> ImageGetter:
        return ImageGetter(images=self._ports.images, clock=self._ports.clock, pull_timeout=self._options.pull_timeout)

    @cached_property
    def release_image(self) -> ReleaseImage:
        return ReleaseImage(
            desired=self.desired,
            runtime=self._ports.runtime,
            getter=self.getter,
            problems=self.problems,
            clock=self._ports.clock,
            on_end=self.wake.set,
        )

    @cached_property
    def deploy_image(self) -> DeployImage:
        return DeployImage(desired=self.desired, getter=self.getter, events=self.events, clock=self._ports.clock)

    @cached_property
    def starter(self) -> Starter:
        return Starter(
            desired=self.desired,
            workers=self.workers,
            failures=self.failures,
            image=self.release_image,
            problems=self.problems,
            events=self.events,
            randomness=self._ports.randomness,
            clock=self._ports.clock,
            ramp=self._ramp,
            on_end=self.wake.set,
        )

    @cached_property
    def restorer(self) -> Restorer:
        return Restorer(
            desired=self.desired,
            runtime=self._ports.runtime,
            problems=self.problems,
            events=self.events,
            settings=self._options.fleet,
        )

    @cached_property
    def executor(self) -> PlanExecutor:
        return PlanExecutor(
            desired=self.desired,
            runtime=self._ports.runtime,
            local=self._ports.local,
            workers=self.workers,
            watch=self.watch,
            report=SilenceReport(watch=self.watch, problems=self.problems, events=self.events, clock=self._ports.clock),
            starvation=StarvationReport(events=self.events),
            starter=self.starter,
            failures=self.failures,
            problems=self.problems,
            events=self.events,
            nodes=self.nodes,
            edges=self.edge_watch,
            spares=self._options.spares,
        )

    @cached_property
    def slow_start(self) -> SlowStart:
        return SlowStart(
            desired=self.desired,
            problems=self.problems,
            clock=self._ports.clock,
            seconds=self._options.slow_start,
        )

    @cached_property
    def reconciler(self) -> Reconciler:
        return Reconciler(
            desired=self.desired,
            restorer=self.restorer,
            executor=self.executor,
            problems=self.problems,
        )

    @cached_property
    def rollout(self) -> Rollout:
        return Rollout(
            desired=self.desired,
            workers=self.workers,
            queue=self.queue,
            failures=self.failures,
            image=self.deploy_image,
            events=self.events,
            clock=self._ports.clock,
            surge=self._options.fleet.surge,
            batch=self._options.fleet.batch,
            policy=self._options.policy,
            protocols=self._options.protocols,
        )

    @cached_property
    def fleet(self) -> FleetService:
        return FleetService(
            desired=self.desired,
            workers=self.workers,
            image=self.release_image,
            queue=self.queue,
            events=self.events,
            randomness=self._ports.randomness,
            clock=self._ports.clock,
            max_servers=self._options.max_servers,
            reserved=self._options.reserved,
            ramp=self._ramp,
        )

    @cached_property
    def ring(self) -> RingService:
        return RingService(
            desired=self.desired,
            plane=self._ports.plane,
            traffic=self._ports.traffic,
            catalogue=self._options.catalogue,
            queue=self.queue,
            events=self.events,
            nodes=self.nodes,
            configured=self._options.fleet.profile,
            slow_start=self._options.slow_start > 0,
            max_servers=self._options.max_servers,
        )

    @cached_property
    def health(self) -> Health:
        return Health(
            desired=self.desired,
            problems=self.problems,
            watch=self.certificate_watch,
            name_prefix=self._options.name_prefix,
            has_one_host=self._ports.local is not None,
        )

    @cached_property
    def certificate_watch(self) -> CertificateWatch:
        return CertificateWatch(
            plane=self._ports.plane, problems=self.problems, events=self.events, clock=self._ports.clock
        )

    @cached_property
    def load_history(self) -> LoadHistory:
        return LoadHistory(traffic=self._ports.traffic, desired=self.desired, nodes=self.nodes, clock=self._ports.clock)

    @cached_property
    def tokens(self) -> Tokens:
        return Tokens(
            token_sha256=self._options.token_sha256,
            problems=self.problems,
            read=self._ports.tokens,
            maker=self.sessions.maker,
        )

    @cached_property
    def sessions(self) -> Sessions:
        return Sessions(clock=self._ports.clock, randomness=self._ports.randomness)

    @cached_property
    def autoscaler(self) -> Autoscaler | None:
        """None where the settings do not ask for one."""
        if self._options.autoscaling is None:
            return None
        return Autoscaler(
            policy=self._options.autoscaling,
            plane=self._ports.plane,
            desired=self.desired,
            service=self.fleet,
            events=self.events,
            clock=self._ports.clock,
            may_change=self._may_scale,
        )

    @cached_property
    def steps(self) -> StepLoop:
        return StepLoop(
            self.reconciler.step,
            problems=self.problems,
            wake=self.wake,
            clock=self._ports.clock,
            durations=self._ports.durations,
        )

    @cached_property
    def status_report(self) -> StatusReport:
        return StatusReport(
            desired=self.desired,
            plane=self._ports.plane,
            edge=self._ports.edge,
            edges=self.edge_watch,
            health=self.health,
            problems=self.problems,
            watch=self.certificate_watch,
            load=self.load_history.report,
            spares=self._options.spares,
            has_autoscaler=self.autoscaler is not None,
        )

    @cached_property
    def heartbeat_loop(self) -> HeartbeatLoop:
        return HeartbeatLoop(
            heartbeats=self.heartbeats,
            desired=self.desired,
            clock=self._ports.clock,
            interval=self._options.heartbeat_interval,
            wake=self.wake,
        )

    def loops(self) -> Loops:
        """The threads that run the services."""
        rounds: dict[str, Round] = {
            "steps": self.steps.round,
            "heartbeats": self.heartbeat_loop.round,
            "engine events": EngineListener(runtime=self._ports.runtime, wake=self.wake).round,
            "rollout": self._unless_superseded(self.rollout.round),
            "slow start": self._unless_superseded(self.slow_start.round),
            "image": self._unless_superseded(self.release_image.round),
            "certificates": self.certificate_watch.round,
            "load": self.load_history.round,
        }
        if self._ports.edges:
            rounds["edges"] = self.edge_watch.round
        if self._ports.tokens:
            rounds["tokens"] = self.tokens.round
        if self.autoscaler:
            rounds["autoscaler"] = self._unless_superseded(self.autoscaler.round)
        return Loops(rounds, before_stop=self.wake.set, waited_for=("steps", "heartbeats"))

    def _unless_superseded(self, one_round: Round) -> Round:
        """The round of a loop that acts, as long as this balancer may act."""
        return lambda: _REST if self.desired.superseded else one_round()

    def _lost(self, reason: str) -> None:
        self.problems.report(Part.STATE, reason)
        if self.desired.restored:  # Else this one takes up the fleet at its next step, and needs the edges then.
            self._ports.on_loss()

    def _may_scale(self) -> bool:
        """Not before the first servers serve, and not while a deploy runs."""
        desired = self.desired
        return desired.restored and not desired.fleet.is_first and roll.goal(desired.fleet) is None
