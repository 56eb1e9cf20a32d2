"""The whole balancer over fake adapters, as bootstrap.py wires it over the real ones."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask import Flask

from balancer.core.lifecycle import State
from balancer.core.release import Release
from balancer.core.ring_profile import Catalogue
from balancer.core.routes import routes
from balancer.http.control import create_control_app
from balancer.service.condition import Condition
from balancer.service.crew import Crew
from balancer.service.desired import DesiredFleet
from balancer.service.events import Events
from balancer.service.fleet_service import FleetService
from balancer.service.health import Health
from balancer.service.heartbeats import Heartbeats
from balancer.service.reconciler import Reconciler
from balancer.service.restorer import Restorer, Wishes
from balancer.service.ring_service import RingService
from balancer.service.rollout import Rollout
from balancer.service.slow_start import SlowStart
from balancer.service.starter import Starter
from balancer.service.turns import Turns
from tests.fakes.chance import SeededChance
from tests.fakes.clock import FakeClock
from tests.fakes.plane import FakePlane
from tests.fakes.probe import FakeProbe, FakeProbes
from tests.fakes.process import Process
from tests.fakes.runtime import FakeRuntime
from tests.fakes.store import MemoryStore
from tests.polling import until

STRIKES = 3
START_GRACE = 30.0
DRAIN_TIMEOUT = 20.0


class World:
    """What outlives a balancer: the engine with its containers, the data plane, the volume, the time."""

    def __init__(self) -> None:
        self.process = Process()
        self.runtime = FakeRuntime(self.process)
        self.plane = FakePlane(self.process)
        self.store = MemoryStore(self.process)
        self.clock = FakeClock()


class InMemoryBalancer:
    """One balancer process. Its steps are taken by the test; nothing runs by itself but what a step began.

    `ring`, `slow_start`, `release` (image and so on), `spares`, `surge` and `batch` are the settings of these names."""

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
        patience: float = 5.0,
        seed: int = 0,
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
            "patience": patience,
            "seed": seed,
        }
        self.runtime, self.plane, self.store = self.world.runtime, self.world.plane, self.world.store
        self.clock = self.world.clock
        self.chance = SeededChance(seed)
        self.probe = FakeProbe(self.runtime)
        self.catalogue = Catalogue()
        self.profile = self.catalogue.profile(ring or {})
        self.wake = threading.Event()
        self.events = Events(self.clock)
        self.condition = Condition(self.events)
        self.desired = DesiredFleet(store=self.store, plane=self.plane, profile=self.profile)
        self.crew = Crew(
            runtime=self.runtime,
            plane=self.plane,
            probe=self.probe,
            clock=self.clock,
            events=self.events,
            start_grace=START_GRACE,
            drain_timeout=DRAIN_TIMEOUT,
            size=16,
        )
        self.heartbeats = Heartbeats(probes=FakeProbes(self.runtime), strikes=STRIKES)
        ramps = SlowStart(clock=self.clock, seconds=slow_start)
        wishes = Wishes(initial=initial, profile=self.profile, release=release or Release(), surge=surge, batch=batch)
        starter = Starter(
            desired=self.desired,
            crew=self.crew,
            condition=self.condition,
            events=self.events,
            chance=self.chance,
            clock=self.clock,
            ramp=ramps.first_ramp,
            on_change=self.wake.set,
        )
        self.reconciler = Reconciler(
            desired=self.desired,
            crew=self.crew,
            runtime=self.runtime,
            heartbeats=self.heartbeats,
            condition=self.condition,
            events=self.events,
            restorer=Restorer(
                desired=self.desired,
                runtime=self.runtime,
                condition=self.condition,
                events=self.events,
                wishes=wishes,
            ),
            starter=starter,
            slow_start=ramps,
            spares=spares,
        )
        turns = Turns(desired=self.desired, patience=patience)
        self.rollout = Rollout(
            desired=self.desired,
            crew=self.crew,
            turns=turns,
            starter=starter,
            events=self.events,
            clock=self.clock,
            surge=surge,
            batch=batch,
        )
        self.service = FleetService(
            desired=self.desired,
            crew=self.crew,
            turns=turns,
            events=self.events,
            chance=self.chance,
            clock=self.clock,
            max_servers=max_servers,
            reserved=("ringmaster-edge", "ringmaster-balancer"),
            ramp=ramps.first_ramp,
        )
        self.ring = RingService(
            desired=self.desired,
            plane=self.plane,
            catalogue=self.catalogue,
            turns=turns,
            events=self.events,
            configured=self.profile,
            slow_start=slow_start > 0,
            max_servers=max_servers,
        )
        self.health = Health(desired=self.desired, condition=self.condition)

    @property
    def replicas(self) -> tuple[str, ...]:
        return self.service.replicas

    def step(self) -> None:
        """One step, and the end of all that it began."""
        self.reconciler.step()
        self.settle()

    def steps(self, count: int) -> None:
        for _ in range(count):
            self.step()

    def settle(self) -> None:
        until(lambda: not self.crew.in_hand, "the crew has nothing in hand", within=5, pause=0.0005)

    def beat(self, times: int = STRIKES) -> None:
        """Heartbeats of all servers that serve."""
        for _ in range(times):
            self.heartbeats.send(self.desired.fleet.of(State.SERVING, State.SPARE))
            self.heartbeats.listen(within=0)

    def started(self) -> InMemoryBalancer:
        """With its first fleet on the ring, long enough for a failure to be an accident."""
        self.steps(3)
        assert self.health.report()["ready"], self.health.report()
        self.clock.sleep(60)
        return self

    def restarted(self, **settings: Any) -> InMemoryBalancer:
        """Another process on the same world, which has taken no step yet; `settings` are what has changed in them."""
        self.world.process.restarts()
        return InMemoryBalancer(self.world, **(self._settings | settings))

    def whole_state(self) -> tuple[object, ...]:
        """Everything that a refused or failed request must leave as it was. Ring ids may have been used up."""
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
        """N servers serve, the spares are ready, the plane obeys, every container is somebody's and has its name, and
        all of it is saved."""
        fleet, observed = self.desired.fleet, self.runtime.observe()
        spares = fleet.of(State.SPARE)
        serving = fleet.of(State.SERVING)
        return (
            len(serving) == fleet.target
            and len(spares) == self._settings["spares"]
            and len(fleet.servers) == len(serving) + len(spares)
            and {container.instance: container.identity for container in observed.values()}
            == {server.instance: server.identity for server in fleet.servers}
            and {container.container for container in observed.values()}
            == {*fleet.replicas, *(f"{server.name}.spare" for server in spares)}
            and self.plane.routes == routes(fleet)
            and self.store.saved == fleet
            and set(fleet.table.counts()) == {server.ring_id for server in serving if server.weight}
        )


def control_app(balancer: InMemoryBalancer, *, token_sha256: str = "") -> Flask:
    """The control port's application over it."""
    return create_control_app(
        balancer.health, balancer.ring, balancer.events, balancer.rollout, token_sha256=token_sha256
    )
