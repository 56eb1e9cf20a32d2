"""The whole balancer over fake adapters. bootstrap builds the same services over the real adapters."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from flask import Flask

from balancer.adapters.prometheus.exposition import Exposition
from balancer.core.caller import Attachments
from balancer.core.catalogue import Catalogue
from balancer.core.errors import EngineUnavailable, StateUnavailable
from balancer.core.fleet_settings import FleetSettings
from balancer.core.hostnames import RESERVED
from balancer.core.lifecycle import State
from balancer.core.policy import Policy
from balancer.core.protocol import PROTOCOLS
from balancer.core.release import Release
from balancer.core.routes import routes
from balancer.http.audit import Audit
from balancer.http.control import create_control_app
from balancer.http.gate import Gate
from balancer.http.guard import Guard
from balancer.http.metrics import Metrics
from balancer.http.openapi import build as openapi_of
from balancer.service.heartbeat_loop import WATCHED
from balancer.service.problems import Part
from balancer.service.services import Options, Ports, Services
from balancer.service.tokens import Tokens
from tests.fakes.clock import FakeClock
from tests.fakes.edges import FakeEdges
from tests.fakes.images import FakeImages
from tests.fakes.plane import FakePlane
from tests.fakes.probe import FakeProbe, FakeProbes
from tests.fakes.process import Process
from tests.fakes.randomness import SeededRandomness
from tests.fakes.runtime import FakeRuntime
from tests.fakes.store import MemoryStore
from tests.polling import until

HEARTBEAT_INTERVAL = 0.002
STRIKES = 3
HANG_TIMEOUT = 10.0
START_GRACE = 30.0
PULL_TIMEOUT = 600.0
DRAIN_TIMEOUT = 20.0


class World:
    """The parts that outlive a balancer process: engine with containers, data plane, fleet store, clock."""

    def __init__(self) -> None:
        self.process = Process()
        self.runtime = FakeRuntime(self.process)
        self.images = FakeImages(self.process)
        self.plane = FakePlane(self.process)
        self.store = MemoryStore(self.process)
        self.edges = FakeEdges()
        self.clock = FakeClock()


class InMemoryBalancer:
    """One balancer process without loops: a test calls its steps. Only the work that a step began runs in threads.

    `initial`: the hostnames of the first fleet. `release`: of the settings. `seed`: the
    seed of all randomness. `policy`: what a release may ask for; by default nearly anything. `has_local`: the engine
    runs the containers itself. `store`: its own one, where another balancer lives in the same world. The other
    arguments are the settings of the same names."""

    def __init__(
        self,
        world: World | None = None,
        *,
        initial: tuple[str, ...] = ("S1", "S2", "S3"),
        ring: Mapping[str, object] | None = None,
        slow_start: float = 0,
        release: Release | None = None,
        spares: int = 0,
        surge: int = 1,
        batch: int = 1,
        max_servers: int = 64,
        change_timeout: float = 5.0,
        seed: int = 0,
        policy: Policy | None = None,
        protocols: tuple[str, ...] = PROTOCOLS,
        has_local: bool = True,
        store: MemoryStore | None = None,
    ) -> None:
        self.world = world or World()
        self._settings = {
            "initial": initial,
            "ring": ring,
            "slow_start": slow_start,
            "release": release,
            "spares": spares,
            "surge": surge,
            "batch": batch,
            "max_servers": max_servers,
            "change_timeout": change_timeout,
            "seed": seed,
            "policy": policy,
            "protocols": protocols,
            "has_local": has_local,
            "store": store,
        }
        self.runtime, self.plane = self.world.runtime, self.world.plane
        self.store = store or self.world.store
        self.clock, self.images = self.world.clock, self.world.images
        self.probe = FakeProbe(self.runtime)
        self.catalogue = Catalogue()
        self.exposition = Exposition(self.clock)
        self.profile = self.catalogue.profile(ring or {})
        self.ports = Ports(
            runtime=self.runtime,
            local=self.runtime if has_local else None,
            images=self.images,
            plane=self.plane,
            traffic=self.plane.traffic,
            store=self.store,
            probe=self.probe,
            probes=FakeProbes(self.runtime),
            clock=self.clock,
            randomness=SeededRandomness(seed),
            listeners=(self.exposition.kept.heard,),
            durations=self.exposition.kept,
            edges=self.world.edges if self.runtime.nodes else None,
        )
        self.options = Options(
            fleet=FleetSettings(
                initial=initial, profile=self.profile, release=release or Release(image="app"), surge=surge, batch=batch
            ),
            catalogue=self.catalogue,
            max_servers=max_servers,
            spares=spares,
            reserved=RESERVED,
            heartbeat_interval=HEARTBEAT_INTERVAL,
            heartbeat_strikes=STRIKES,
            hang_timeout=HANG_TIMEOUT,
            start_grace=START_GRACE,
            pull_timeout=PULL_TIMEOUT,
            drain_timeout=DRAIN_TIMEOUT,
            change_timeout=change_timeout,
            slow_start=slow_start,
            policy=policy or Policy(images=("*",), labels=("*",), memory=""),
            protocols=protocols,
        )
        self.services = services = Services(self.ports, self.options)
        self.exposition.read_from(services.status_report.status, version="test", data_plane="fake")
        self.desired, self.events, self.problems = services.desired, services.events, services.problems
        self.workers, self.heartbeats, self.reconciler = services.workers, services.heartbeats, services.reconciler
        self.rollout, self.fleet, self.ring = services.rollout, services.fleet, services.ring
        self.health, self.wake = services.health, services.wake
        self.traffic, self.load_history = self.plane.traffic, services.load_history
        self.release_image, self.certificate_watch = services.release_image, services.certificate_watch
        self.edges, self.edge_watch = self.world.edges, services.edge_watch

    @property
    def replicas(self) -> tuple[str, ...]:
        return self.fleet.replicas

    def step(self) -> None:
        """Takes one step and waits until all work that it began has ended. Where servers wait for their image, that is
        there after a second step."""
        self.reconciler.step()
        self.services.slow_start.raise_ramps()
        self.settle()
        if not self.release_image.is_ready or self.problems.has(Part.IMAGE):
            self.get_image()
            self.reconciler.step()
            self.settle()

    def get_image(self) -> None:
        """One round of the loop that sees to the image of the release. Where the engine is away, it does nothing."""
        with suppress(EngineUnavailable, StateUnavailable):
            self.release_image.see_to_it()

    def steps(self, count: int) -> None:
        for _ in range(count):
            self.step()

    def settle(self) -> None:
        until(lambda: not self.workers.claims.instances, "nobody has a claim", within=5, pause=0.0005)

    def beat(self, times: int = STRIKES) -> None:
        """Sends `times` heartbeats to all servers that get some, and takes in the results."""
        for _ in range(times):
            fleet = self.desired.fleet
            self.heartbeats.watch(fleet.of(*WATCHED))
            self.heartbeats.send(fleet.of(*WATCHED), fleet.heartbeat_of)
            self.heartbeats.listen(within=0)

    def find_hung(self, name: str) -> None:
        """The server hangs with nothing in flight, and its heartbeats tell enough: the next step fences it."""
        self.runtime.hang(name)
        self.beat()
        self.step()
        self.beat()

    def started(self) -> InMemoryBalancer:
        """The same balancer, with its first fleet on the ring for so long that a failure is not early."""
        self.steps(3)
        assert self.health.report()["ready"], self.health.report()
        self.clock.sleep(60)
        return self

    def restarted(self, **settings: Any) -> InMemoryBalancer:
        """A new process in the same world. It has taken no step yet. `settings`: the arguments that are different
        now."""
        self.world.process.restarts()
        return InMemoryBalancer(self.world, **(self._settings | settings))

    def whole_state(self) -> tuple[object, ...]:
        """The state that a refused or failed request must not change. The next ring id is left out: ids may be used
        up."""
        fleet, saved = self.desired.fleet, self.store.saved
        assert saved is not None
        return (
            fleet.servers,
            fleet.target,
            fleet.table,
            fleet.profile,
            fleet.configured,
            fleet.version,
            replace(saved, next_ring_id=0),
            self.plane.routes,
            frozenset(self.runtime.names),
        )

    def is_sound(self) -> bool:
        """Whether N servers serve, all spares are ready, the plane obeys the fleet, the fleet is saved, every container
        belongs to a server and has the right container name, and every serving server with a weight has slots."""
        fleet, observed = self.desired.fleet, self.runtime.observe()
        spares = fleet.of(State.SPARE)
        serving = fleet.of(State.SERVING)
        return (
            len(serving) == fleet.target
            and len(spares) == self._settings["spares"]
            and len(fleet.servers) == len(serving) + len(spares)
            and {container.instance: container.identity for container in observed.values()}
            == {server.instance: server.identity for server in fleet.servers}
            and {container.container_name for container in observed.values()}
            == {*fleet.replicas, *(f"{server.hostname}.spare" for server in spares)}
            and self.plane.routes == routes(fleet)
            and self.store.saved == fleet
            and set(fleet.table.counts()) == {server.ring_id for server in serving if server.weight}
        )


NOWHERE = Attachments()


def gate(balancer: InMemoryBalancer, *, token_sha256: str = "", attached: Attachments = NOWHERE) -> Gate:
    """The gate of this balancer. `attached`: what its container is attached to."""
    return Gate(
        guard=Guard(attached=lambda: attached, hosts=("ring.example",)),
        tokens=Tokens(token_sha256=token_sha256, problems=balancer.problems, maker=balancer.services.sessions.maker),
        audit=Audit(balancer.events),
    )


def openapi() -> dict[str, Any]:
    """The OpenAPI document of such a balancer."""
    return openapi_of(control_app(InMemoryBalancer()))


def control_app(balancer: InMemoryBalancer, *, token_sha256: str = "", guarded_by: Gate | None = None) -> Flask:
    """The application of the control port of this balancer."""
    return create_control_app(
        balancer.health,
        balancer.fleet,
        balancer.ring,
        balancer.events,
        balancer.rollout,
        sessions=balancer.services.sessions,
        load=balancer.load_history,
        edges=balancer.services.edge_watch,
        gate=guarded_by or gate(balancer, token_sha256=token_sha256),
        metrics=Metrics(balancer=balancer.exposition.text, edge=None),
    )
