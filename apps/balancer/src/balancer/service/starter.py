"""Starts servers in the background: the first fleet, replacements, spares; slower and slower where they keep dying."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass

from balancer.core import names
from balancer.core.backoff import YOUNG, Backoff
from balancer.core.errors import (
    EngineUnavailable,
    InvalidRequest,
    NameTaken,
    PlaneUnavailable,
    StartFailed,
    StateUnavailable,
)
from balancer.core.event import Kind
from balancer.core.fleet import Fleet, Server
from balancer.core.lifecycle import State
from balancer.core.release import Release
from balancer.ports.chance import Chance, Clock
from balancer.service.condition import Condition, Part
from balancer.service.crew import Crew
from balancer.service.desired import DesiredFleet
from balancer.service.events import Events

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Death:
    at: float
    reason: str
    is_young: bool


class Starter:
    """`ramp` is what a server begins with that joins later than the first ones; `on_change` is called when a start has
    ended, which may call for another step."""

    def __init__(
        self,
        *,
        desired: DesiredFleet,
        crew: Crew,
        condition: Condition,
        events: Events,
        chance: Chance,
        clock: Clock,
        ramp: int,
        on_change: Callable[[], None],
    ) -> None:
        self._desired = desired
        self._crew = crew
        self._condition = condition
        self._events = events
        self._chance = chance
        self._clock = clock
        self._ramp = ramp
        self._on_change = on_change
        self._starting: set[str] = set()
        self._joined_at: dict[tuple[int, int], float] = {}
        self._deaths: dict[tuple[int, int], Death] = {}
        self._backoff = Backoff()
        self._release = 0

    @property
    def starting(self) -> int:
        """How many servers are on their way."""
        return len(self._starting)

    def died(self, server: Server, reason: str) -> bool:
        """Notes it when it is first seen, however often it is found again while it cannot be saved. True for a server
        that had only just joined: too many of these make new starts wait."""
        if server.identity in self._deaths:
            return self._deaths[server.identity].is_young
        now = self._clock.now()
        is_young = now - self._joined_at.pop(server.identity, -YOUNG) < YOUNG
        if server.state is State.SERVING:
            self._deaths[server.identity] = Death(now, f"{server.name} failed: {reason}", is_young)
        if is_young:
            self._backoff = self._backoff.failed(now)
        return is_young

    def joined(self, servers: Collection[Server]) -> None:
        present = {server.identity for server in self._desired.fleet.servers}
        known = {identity: at for identity, at in self._joined_at.items() if identity in present}
        self._joined_at = known | dict.fromkeys((server.identity for server in servers), self._clock.now())

    def promoted(self, before: Fleet, spares: Collection[str]) -> None:
        """Notes that spares have taken the places of servers that were down in the fleet before."""
        fleet = self._desired.fleet
        self.joined([fleet.server(spare) for spare in spares])
        self._tell(before, fleet, spares, Kind.PROMOTED)

    def start(self, count: int) -> None:
        """Begins with so many servers, unless the last ones died too quickly."""
        release = self._desired.fleet.release.number
        if release != self._release:
            self._release, self._backoff = release, Backoff()
        if not self._backoff.may_start(self._clock.now()):
            return
        if self._desired.fleet.is_first:
            self._start_first()
        else:
            for _ in range(count):
                self._start_one()

    def _start_first(self) -> None:
        """All of the first fleet or nothing; what fails is tried again with the same names and ids."""
        if not self._starting:
            fleet = self._desired.fleet
            self._begin(fleet.servers, fleet.release)

    def _start_one(self) -> None:
        with self._desired.lock:
            fleet = self._desired.fleet
            taken = {*(server.name for server in fleet.servers), *self._crew.in_hand}
            name = names.generate(taken, self._chance.choice)
            fleet = self._desired.change(lambda fleet: fleet.begin_join([name]))
        self._begin([fleet.server(name)], fleet.release)

    def _begin(self, servers: Collection[Server], release: Release) -> None:
        instances = [server.instance for server in servers]
        self._starting.update(instances)
        self._crew.take(instances, lambda: self._bring_up(servers, release))

    def _bring_up(self, servers: Collection[Server], release: Release) -> None:
        """Brings joining servers where they are needed; where it fails a later step abandons them."""
        began = self._clock.now()
        instances = [server.instance for server in servers]
        try:
            addresses = self._crew.bring_up(servers, release)
            with self._desired.lock:
                before = self._desired.fleet
                ramp = {} if before.is_first else {"ramp": self._ramp}
                fleet = self._desired.change(lambda fleet: fleet.fill(addresses, **ramp))
                with self._condition.watch(Part.PLANE, PlaneUnavailable):
                    self._desired.publish()
                self.joined([fleet.server(instance) for instance in instances])
            self._tell(before, fleet, instances, Kind.JOINED, seconds=self._clock.now() - began)
        except (StartFailed, NameTaken, EngineUnavailable, StateUnavailable, InvalidRequest) as error:
            self._condition.ill(Part.FLEET, str(error))
            self._backoff = self._backoff.failed(self._clock.now())
            _log.warning("start failed", extra={"reason": str(error), "pause": self._backoff.delay})
            self._crew.kill(instances)
        finally:
            self._starting.difference_update(instances)
            self._on_change()

    def _tell(
        self, before: Fleet, fleet: Fleet, newcomers: Collection[str], kind: Kind, *, seconds: float | None = None
    ) -> None:
        """Who came, and in whose places."""
        for instance in newcomers:
            server = fleet.server(instance)
            self._events.record(
                kind if server.state is State.SERVING else Kind.SPARE, server=server.name, seconds=seconds
            )
        self.replaced(before, fleet)

    def replaced(self, before: Fleet, fleet: Fleet) -> None:
        """Tells of the servers that were down before and whose places are taken now."""
        kept = {server.identity for server in fleet.servers}
        for server in before.of(State.DOWN):
            death = None if server.identity in kept else self._deaths.pop(server.identity, None)
            if death is not None:
                self._events.record(
                    Kind.REPLACED, server=server.name, reason=death.reason, seconds=self._clock.now() - death.at
                )
