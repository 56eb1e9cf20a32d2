"""Builds all services of the balancer from ports and options. It starts no thread and opens no socket or file."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from balancer.core import roll
from balancer.core.autoscale import Policy
from balancer.core.catalogue import Catalogue
from balancer.core.fleet_settings import FleetSettings
from balancer.ports.clock import Clock
from balancer.ports.data_plane import DataPlane
from balancer.ports.probe import Probe, Probes
from balancer.ports.randomness import Randomness
from balancer.ports.runtime import ContainerRuntime
from balancer.ports.store import FleetStore
from balancer.service.autoscaler import Autoscaler
from balancer.service.change_queue import ChangeQueue
from balancer.service.desired import DesiredFleet
from balancer.service.engine_listener import EngineListener
from balancer.service.event_log import EventLog
from balancer.service.failures import Failures
from balancer.service.fleet_service import FleetService
from balancer.service.health import Health
from balancer.service.heartbeat_loop import HeartbeatLoop
from balancer.service.heartbeats import Heartbeats
from balancer.service.loops import Loops, Round
from balancer.service.plan_executor import PlanExecutor
from balancer.service.problems import Problems
from balancer.service.reconciler import Reconciler
from balancer.service.restorer import Restorer
from balancer.service.ring_service import RingService
from balancer.service.rollout import Rollout
from balancer.service.server_workers import ServerWorkers
from balancer.service.slow_start import SlowStart, first_ramp
from balancer.service.starter import Starter
from balancer.service.step_loop import StepLoop


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The adapters that the services use, one for each port."""

    runtime: ContainerRuntime
    plane: DataPlane
    store: FleetStore
    probe: Probe
    probes: Probes
    clock: Clock
    randomness: Randomness


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of the services: mostly the settings of the same names. All times are in seconds. `reserved`:
    hostnames that no server may have. `queue_timeout`: the longest time that a change waits for the changes before
    it."""

    fleet: FleetSettings
    catalogue: Catalogue
    max_servers: int
    spares: int
    reserved: tuple[str, ...]
    heartbeat_interval: float
    heartbeat_strikes: int
    start_grace: float
    drain_timeout: float
    queue_timeout: float
    slow_start: float
    autoscaling: Policy | None = None

    @property
    def most_servers_at_once(self) -> int:
        """The most servers that are handled at once: all servers leave while as many new ones start."""
        return 2 * (self.max_servers + self.spares) + 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The services that HTTP, the loops and tests call."""

    desired: DesiredFleet
    events: EventLog
    problems: Problems
    queue: ChangeQueue
    workers: ServerWorkers
    heartbeats: Heartbeats
    reconciler: Reconciler
    rollout: Rollout
    fleet: FleetService
    ring: RingService
    health: Health
    autoscaler: Autoscaler | None
    steps: StepLoop


def build_services(ports: Ports, options: Options) -> Services:
    clock, settings, ramp = ports.clock, options.fleet, first_ramp(options.slow_start)
    events = EventLog(clock)
    problems = Problems(events)
    desired = DesiredFleet(store=ports.store, plane=ports.plane, profile=settings.profile)
    queue = ChangeQueue(desired=desired, timeout=options.queue_timeout)
    failures = Failures(clock=clock, events=events)
    workers = ServerWorkers(
        runtime=ports.runtime,
        plane=ports.plane,
        probe=ports.probe,
        clock=clock,
        events=events,
        start_grace=options.start_grace,
        drain_timeout=options.drain_timeout,
        size=options.most_servers_at_once,
    )
    heartbeats = Heartbeats(probes=ports.probes, strikes=options.heartbeat_strikes)
    wake = threading.Event()
    starter = Starter(
        desired=desired,
        workers=workers,
        failures=failures,
        problems=problems,
        events=events,
        randomness=ports.randomness,
        clock=clock,
        ramp=ramp,
        on_end=wake.set,
    )
    executor = PlanExecutor(
        desired=desired,
        runtime=ports.runtime,
        workers=workers,
        heartbeats=heartbeats,
        starter=starter,
        failures=failures,
        problems=problems,
        events=events,
        spares=options.spares,
    )
    reconciler = Reconciler(
        desired=desired,
        restorer=Restorer(desired=desired, runtime=ports.runtime, problems=problems, events=events, settings=settings),
        executor=executor,
        slow_start=SlowStart(desired=desired, problems=problems, clock=clock, seconds=options.slow_start),
        problems=problems,
    )
    fleet = FleetService(
        desired=desired,
        workers=workers,
        queue=queue,
        events=events,
        randomness=ports.randomness,
        clock=clock,
        max_servers=options.max_servers,
        reserved=options.reserved,
        ramp=ramp,
    )
    return Services(
        desired=desired,
        events=events,
        problems=problems,
        queue=queue,
        workers=workers,
        heartbeats=heartbeats,
        reconciler=reconciler,
        rollout=Rollout(
            desired=desired,
            workers=workers,
            queue=queue,
            failures=failures,
            events=events,
            clock=clock,
            surge=settings.surge,
            batch=settings.batch,
        ),
        fleet=fleet,
        ring=RingService(
            desired=desired,
            plane=ports.plane,
            catalogue=options.catalogue,
            queue=queue,
            events=events,
            configured=settings.profile,
            slow_start=options.slow_start > 0,
            max_servers=options.max_servers,
        ),
        health=Health(desired=desired, problems=problems),
        autoscaler=None
        if options.autoscaling is None
        else Autoscaler(
            policy=options.autoscaling,
            plane=ports.plane,
            desired=desired,
            service=fleet,
            events=events,
            clock=clock,
            may_change=lambda: desired.restored and not desired.fleet.is_first and roll.goal(desired.fleet) is None,
        ),
        steps=StepLoop(reconciler.step, wake=wake),
    )


def build_loops(ports: Ports, options: Options, services: Services) -> Loops:
    """The threads that run the services."""
    wake = services.steps.wake
    heartbeats = HeartbeatLoop(
        heartbeats=services.heartbeats,
        desired=services.desired,
        clock=ports.clock,
        events=services.events,
        interval=options.heartbeat_interval,
        wake=wake,
    )
    rounds: dict[str, Round] = {
        "steps": services.steps.round,
        "heartbeats": heartbeats.round,
        "engine events": EngineListener(runtime=ports.runtime, wake=wake).round,
        "rollout": services.rollout.round,
    }
    if services.autoscaler:
        rounds["autoscaler"] = services.autoscaler.round
    return Loops(rounds, before_stop=wake.set, waited_for=("steps", "heartbeats"))
