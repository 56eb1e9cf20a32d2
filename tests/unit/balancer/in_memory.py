"""The whole balancer over fake adapters, as bootstrap.py wires it over the real ones."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from balancer.core.heartbeat import HeartbeatPolicy
from balancer.core.ring_profile import Catalogue
from balancer.core.routes import routes
from balancer.service.condition import Condition
from balancer.service.crew import Crew
from balancer.service.desired import DesiredFleet
from balancer.service.fleet_service import FleetService
from balancer.service.health import Health
from balancer.service.heartbeats import Heartbeats
from balancer.service.reconciler import Reconciler
from balancer.service.ring_service import RingService
from balancer.service.slow_start import SlowStart
from balancer.service.turns import Turns
from tests.fakes.chance import SeededChance
from tests.fakes.clock import FakeClock
from tests.fakes.plane import FakePlane
from tests.fakes.probe import FakeProbe
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

    `ring` and `slow_start` are the settings of these names."""

    def __init__(
        self,
        world: World | None = None,
        *,
        initial: tuple[str, ...] = ("S1", "S2", "S3"),
        ring: Mapping[str, object] | None = None,
        slow_start: float = 0,
        max_servers: int = 64,
        patience: float = 5.0,
        seed: int = 0,
    ) -> None:
        self.world = world or World()
        self._settings = {
            "initial": initial,
            "ring": ring,
            "slow_start": slow_start,
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
        self.condition = Condition()
        self.desired = DesiredFleet(store=self.store, plane=self.plane, profile=self.profile)
        self.crew = Crew(
            runtime=self.runtime,
            plane=self.plane,
            probe=self.probe,
            clock=self.clock,
            start_grace=START_GRACE,
            drain_timeout=DRAIN_TIMEOUT,
            size=16,
        )
        self.heartbeats = Heartbeats(
            probe=self.probe, policy=HeartbeatPolicy(interval=0.5, timeout=0.5, strikes=STRIKES), size=4
        )
        ramps = SlowStart(clock=self.clock, seconds=slow_start)
        self.reconciler = Reconciler(
            desired=self.desired,
            crew=self.crew,
            runtime=self.runtime,
            heartbeats=self.heartbeats,
            condition=self.condition,
            chance=self.chance,
            clock=self.clock,
            initial=initial,
            profile=self.profile,
            slow_start=ramps,
            on_change=self.wake.set,
        )
        turns = Turns(desired=self.desired, patience=patience)
        self.service = FleetService(
            desired=self.desired,
            crew=self.crew,
            turns=turns,
            chance=self.chance,
            max_servers=max_servers,
            reserved=("ringmaster-edge", "ringmaster-balancer"),
            ramp=ramps.first_ramp,
        )
        self.ring = RingService(
            desired=self.desired,
            plane=self.plane,
            catalogue=self.catalogue,
            turns=turns,
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
            self.heartbeats.beat([server for server in self.desired.fleet.servers if server.name in self.replicas])

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
        """N servers serve, the plane obeys, every container belongs to somebody, and all of it is saved."""
        fleet = self.desired.fleet
        return (
            len(fleet.replicas) == fleet.target
            and {server.name for server in fleet.servers} == set(fleet.replicas)
            and set(self.runtime.observe()) == set(fleet.replicas)
            and self.plane.routes == routes(fleet)
            and self.store.saved == fleet
            and set(fleet.table.counts()) == {server.ring_id for server in fleet.servers if server.weight}
        )
