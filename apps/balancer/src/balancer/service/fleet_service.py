"""The fleet service, for /rep, /add and /rm: it lists, adds and removes servers.

A change is made as a whole or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack

from balancer.core import fleet_change
from balancer.core.errors import ImageMissing
from balancer.core.event import EventKind
from balancer.core.fleet import ON_THE_RING, Fleet, Server
from balancer.core.fleet_change import FleetChange
from balancer.core.release import Release
from balancer.core.routes import hostname
from balancer.ports.clock import Clock
from balancer.ports.randomness import Randomness
from balancer.service.change_queue import ChangeQueue
from balancer.service.desired import DesiredFleet
from balancer.service.event_log import EventLog
from balancer.service.release_image import ReleaseImage
from balancer.service.server_workers import ServerWorkers

A_USERS = "a user's wish"
"""The reason in the events of a user's change."""


def _no_check() -> None:
    """The check of a change that cannot be out of date."""


def _instances(fleet: Fleet, hostnames: Collection[str]) -> list[str]:
    """The instances of the serving servers of these hostnames."""
    return [server.instance for server in fleet.serving(hostnames)]


def _grown(joining: Fleet, hostnames: Collection[str]) -> Fleet:
    """The fleet as it will be when the joining servers of these hostnames serve. Their addresses do not matter for the
    slot table. Raises InvalidRequest."""
    return joining.grow(dict.fromkeys(hostnames, ""))


class FleetService:
    """`max_servers`: the largest N. `reserved`: hostnames that no server may have. `ramp`: the first ramp of new
    servers."""

    def __init__(
        self,
        *,
        desired: DesiredFleet,
        workers: ServerWorkers,
        image: ReleaseImage,
        queue: ChangeQueue,
        events: EventLog,
        randomness: Randomness,
        clock: Clock,
        max_servers: int,
        reserved: Collection[str],
        ramp: int,
    ) -> None:
        self._desired = desired
        self._workers = workers
        self._image = image
        self._queue = queue
        self._events = events
        self._randomness = randomness
        self._clock = clock
        self._max_servers = max_servers
        self._reserved = frozenset(reserved)
        self._ramp = ramp

    @property
    def replicas(self) -> tuple[str, ...]:
        return self._desired.fleet.replicas

    def add(
        self,
        change: FleetChange,
        *,
        reason: str = A_USERS,
        check: Callable[[], None] = _no_check,
        is_own: bool = False,
    ) -> tuple[str, ...]:
        """Starts the servers, waits until all of them serve, and returns the replicas. `check` is called when the
        change is first in the queue, and raises where the change is out of date by then.
        `is_own`: the balancer itself wants it, see ChangeQueue.

        Raises InvalidRequest, Busy, TooManyWait, NameTaken, StartFailed, EngineUnavailable, PlaneUnavailable,
        StateUnavailable. After an error nothing of the change is left.
        """
        with self._queue.turn(is_own=is_own), ExitStack() as held, ExitStack() as undo:
            began = self._clock.now()
            names = self._new_hostnames(change)
            self._desired.prepare(lambda fleet: _grown(self._joining(fleet, names, change), names))
            with self._desired.lock:
                check()
                # A new server's instance is its hostname: no roll has made it.
                hostnames = self._new_hostnames(change)
                held.enter_context(self._workers.claims.hold(hostnames))
                joining = self._joining(self._desired.fleet, hostnames, change)
                # Raises now, before any start, where the ring has no place for the servers.
                _grown(joining, hostnames)
                fleet = self._desired.change(lambda _: joining)
            undo.callback(self._abandon, hostnames)
            addresses = self._bring_up([fleet.server(hostname) for hostname in hostnames], fleet.release)
            self._desired.prepare(lambda fleet: fleet.grow(addresses))
            fleet = self._desired.change_and_publish(lambda fleet: fleet.grow(addresses))
            undo.pop_all()
            self._record(EventKind.JOINED, {name: name for name in hostnames}, reason, began, fleet)
            return fleet.replicas

    def remove(
        self,
        change: FleetChange,
        *,
        reason: str = A_USERS,
        check: Callable[[], None] = _no_check,
        is_own: bool = False,
    ) -> tuple[str, ...]:
        """Takes servers off the ring, waits until they are drained and removed, and returns the replicas. `check` and
        `is_own` are the same as of `add`.

        Raises InvalidRequest, Busy, TooManyWait, PlaneUnavailable, StateUnavailable: then nothing has changed. Raises
        EngineUnavailable: then the servers are off the ring, but their containers cannot be removed yet.
        """
        with self._queue.turn(is_own=is_own), ExitStack() as hold:
            began = self._clock.now()
            hostnames = self._leaving_hostnames(change)
            self._desired.prepare(lambda fleet: fleet.begin_leave(_instances(fleet, hostnames)))
            with self._desired.lock:
                check()
                if not set(hostnames) <= set(self.replicas):  # One of them has failed meanwhile.
                    hostnames = self._leaving_hostnames(change)
                leaving = _instances(self._desired.fleet, hostnames)
                hold.enter_context(self._workers.claims.hold(leaving))
                self._desired.change_and_publish(lambda fleet: fleet.begin_leave(leaving))
            self._workers.retire(leaving)
            fleet = self._desired.change(lambda fleet: fleet.stopped(leaving))
            left = {hostname(instance): instance for instance in leaving}
            self._record(EventKind.LEFT, {name: left[name] for name in hostnames}, reason, began, fleet)
            return fleet.replicas

    def _record(self, kind: EventKind, servers: Mapping[str, str], reason: str, began: float, fleet: Fleet) -> None:
        """`servers`: hostname → instance."""
        seconds = self._clock.now() - began
        for name, instance in servers.items():
            self._events.record(
                kind, server=name, instance=instance, reason=reason, seconds=seconds, N=len(fleet.replicas)
            )

    def _leaving_hostnames(self, change: FleetChange) -> tuple[str, ...]:
        return fleet_change.to_remove(change, replicas=self.replicas, draw=self._randomness.draw)

    def _joining(self, fleet: Fleet, hostnames: Sequence[str], change: FleetChange) -> Fleet:
        return fleet.begin_join(hostnames, weight=change.weight, ramp=self._ramp)

    def _new_hostnames(self, change: FleetChange) -> tuple[str, ...]:
        fleet = self._desired.fleet
        room, limit = self._room(fleet)
        return fleet_change.to_add(
            change,
            taken={*(server.hostname for server in fleet.servers), *self._workers.claims.instances},
            reserved=self._reserved,
            room=room,
            limit=limit,
            choose=self._randomness.choice,
        )

    def _bring_up(self, servers: Collection[Server], release: Release) -> dict[str, str]:
        try:
            return self._workers.bring_up(servers, release)
        except ImageMissing:
            self._image.lost(release)
            raise

    def _abandon(self, hostnames: Collection[str]) -> None:
        """Undoes a join that failed. A container that cannot be removed now is removed at a later step."""
        self._workers.kill(hostnames)
        self._desired.change(lambda fleet: fleet.abandon(hostnames))

    def _room(self, fleet: Fleet) -> tuple[int, str]:
        """How many more servers fit, and the sentence that says why not more."""
        present = max(fleet.target, len(fleet.of(*ON_THE_RING)))
        capacity = fleet.profile.strategy.capacity
        if capacity < self._max_servers:
            return capacity - present, f"the ring holds at most {capacity} servers and has {present}"
        return self._max_servers - present, f"max_servers is {self._max_servers} and there are {present}"
