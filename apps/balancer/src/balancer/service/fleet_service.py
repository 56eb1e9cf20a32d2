"""What users may ask: who serves, more servers, fewer servers. All or nothing, one change at a time."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import ExitStack

from balancer.core import change
from balancer.core.change import Change
from balancer.core.event import Kind
from balancer.core.fleet import Fleet
from balancer.core.lifecycle import State
from balancer.ports.chance import Chance, Clock
from balancer.service.crew import Crew
from balancer.service.desired import DesiredFleet
from balancer.service.events import Events
from balancer.service.turns import Turns

A_USERS = "a user's wish"


def _fine() -> None:
    """No wish is out of date."""


class FleetService:
    """`max_servers` caps N; `reserved` are names that no server may have; `ramp` is what new servers begin with."""

    def __init__(
        self,
        *,
        desired: DesiredFleet,
        crew: Crew,
        turns: Turns,
        events: Events,
        chance: Chance,
        clock: Clock,
        max_servers: int,
        reserved: Collection[str],
        ramp: int,
    ) -> None:
        self._desired = desired
        self._crew = crew
        self._turns = turns
        self._events = events
        self._chance = chance
        self._clock = clock
        self._max_servers = max_servers
        self._reserved = frozenset(reserved)
        self._ramp = ramp

    @property
    def replicas(self) -> tuple[str, ...]:
        return self._desired.fleet.replicas

    def add(self, wish: Change, *, reason: str = A_USERS, check: Callable[[], None] = _fine) -> tuple[str, ...]:
        """Starts the servers, waits until all of them serve, and returns the replicas. `check` is called when its turn
        has come, and raises where the wish is out of date by then.

        Raises InvalidRequest, Busy, NameTaken, StartFailed, EngineUnavailable, PlaneUnavailable, StateUnavailable;
        then nothing of it is left.
        """
        with self._turns.one_at_a_time(), ExitStack() as held, ExitStack() as undo:
            began = self._clock.now()
            with self._desired.lock:
                check()
                names = self._new_names(wish)
                held.enter_context(self._crew.holding(names))
                joining = self._desired.fleet.begin_join(names, weight=wish.weight, ramp=self._ramp)
                joining.grow(dict.fromkeys(names, ""))  # What the ring will refuse, it refuses before anything starts.
                fleet = self._desired.change(lambda _: joining)
            undo.callback(self._abandon, names)
            addresses = self._crew.bring_up([fleet.server(name) for name in names], fleet.release)
            fleet = self._desired.change_and_publish(lambda fleet: fleet.grow(addresses))
            undo.pop_all()
            self._tell(Kind.JOINED, names, reason, began, fleet)
            return fleet.replicas

    def remove(self, wish: Change, *, reason: str = A_USERS, check: Callable[[], None] = _fine) -> tuple[str, ...]:
        """Takes servers off the ring, waits until they are drained and gone, and returns the replicas. `check` as of
        add().

        Raises InvalidRequest, Busy, PlaneUnavailable, StateUnavailable with nothing changed, and EngineUnavailable
        when the servers are off the ring but their containers cannot be removed yet.
        """
        with self._turns.one_at_a_time(), ExitStack() as hold:
            began = self._clock.now()
            with self._desired.lock:
                check()
                names = change.to_remove(wish, replicas=self.replicas, sample=self._chance.sample)
                leaving = [server.instance for server in self._desired.fleet.serving(names)]
                hold.enter_context(self._crew.holding(leaving))
                self._desired.change_and_publish(lambda fleet: fleet.begin_leave(leaving))
            self._crew.retire(leaving)
            fleet = self._desired.change(lambda fleet: fleet.stopped(leaving))
            self._tell(Kind.LEFT, names, reason, began, fleet)
            return fleet.replicas

    def _tell(self, kind: Kind, names: Collection[str], reason: str, began: float, fleet: Fleet) -> None:
        seconds = self._clock.now() - began
        for name in names:
            self._events.record(kind, server=name, reason=reason, seconds=seconds, N=len(fleet.replicas))

    def _new_names(self, wish: Change) -> tuple[str, ...]:
        fleet = self._desired.fleet
        room, limit = self._room(fleet)
        return change.to_add(
            wish,
            taken={*(server.name for server in fleet.servers), *self._crew.in_hand},
            reserved=self._reserved,
            room=room,
            limit=limit,
            choose=self._chance.choice,
        )

    def _abandon(self, names: Collection[str]) -> None:
        """Undoes a join that failed; a container that cannot be removed now is removed when it is next observed."""
        self._crew.kill(names)
        self._desired.change(lambda fleet: fleet.abandon(names))

    def _room(self, fleet: Fleet) -> tuple[int, str]:
        """How many more servers fit, and the sentence that says why no more."""
        present = max(fleet.target, len(fleet.of(State.SERVING, State.DOWN)))
        capacity = fleet.profile.strategy.capacity
        if capacity < self._max_servers:
            return capacity - present, f"the ring holds at most {capacity} servers and has {present}"
        return self._max_servers - present, f"max_servers is {self._max_servers} and there are {present}"
