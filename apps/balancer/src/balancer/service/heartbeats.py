"""The heartbeats of all servers: sends them, takes in their results, and knows who is silent."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from itertools import count

from balancer.core.fleet import Server
from balancer.core.heartbeat import Heartbeat
from balancer.core.heartbeat_history import HeartbeatHistory
from balancer.core.silence import Identity
from balancer.ports.clock import Clock
from balancer.ports.probe import Probes

_REST = 5
"""A server that is silent for long gets only every fifth heartbeat. Those that it missed wait in its backlog: where it
handles one connection at a time, it has to handle them before it can answer a new one."""


@dataclass(eq=False, slots=True)
class _Watched:
    """A server that gets heartbeats. `answered_at`: when it last answered one. Where it never did, when it was first
    watched. `owed`: how many are under way. `rested`: how many in a row it was spared, as it is silent for long."""

    identity: Identity
    history: HeartbeatHistory
    answered_at: float
    owed: int = 0
    rested: int = _REST

    def is_due(self) -> bool:
        """Whether it gets the next heartbeat. One with as many unanswered heartbeats as make it silent gets no further
        one, which could not tell anything sooner."""
        if self.history.is_long_silent:
            self.rested += 1
            return not self.owed and self.rested >= _REST
        return self.owed < self.history.strikes

    @property
    def is_in_doubt(self) -> bool:
        return self.owed > 0 and not self.history.is_long_silent


class Heartbeats:
    """A server is silent when it missed `strikes` heartbeats in a row. Only one thread may send and listen; any thread
    may ask the rest."""

    def __init__(self, *, probes: Probes, clock: Clock, strikes: int) -> None:
        self.strikes = strikes
        self.newest = 0
        """The number of the newest heartbeat. Numbers grow in the order of sending."""
        self._probes = probes
        self._clock = clock
        self._numbers = count(1)
        self._under_way: dict[int, _Watched] = {}
        self._watched: dict[Identity, _Watched] = {}

    @property
    def silent(self) -> frozenset[Identity]:
        return frozenset(identity for identity, watched in self._watched.items() if watched.history.is_silent)

    @property
    def answering(self) -> frozenset[Identity]:
        """The servers that have answered a heartbeat and are not silent."""
        return frozenset(identity for identity, watched in self._watched.items() if watched.history.is_answering)

    def missed(self, identity: Identity) -> tuple[int, ...]:
        """The numbers of the newest heartbeats that the server missed since it last answered one."""
        watched = self._watched.get(identity)
        return watched.history.missed if watched else ()

    def answered_at(self, identity: Identity) -> float:
        """When the server last answered a heartbeat. Where it never did, when it got its first one."""
        watched = self._watched.get(identity)
        return watched.answered_at if watched else self._clock.now()

    def watch(self, servers: Collection[Server]) -> None:
        """Forgets all but these servers."""
        now = self._clock.now()
        fresh = HeartbeatHistory(strikes=self.strikes)
        identities = {server.identity for server in servers}
        self._watched = {
            identity: self._watched.get(identity) or _Watched(identity, fresh, now) for identity in identities
        }

    def send(self, servers: Collection[Server], heartbeat_of: Callable[[Server], Heartbeat]) -> None:
        """Sends one more heartbeat to each of these servers, which are watched, as `heartbeat_of` says. It does not
        wait for earlier heartbeats."""
        for server in servers:
            watched = self._watched[server.identity]
            if watched.is_due():
                number = next(self._numbers)
                self._probes.send(number, server.address, heartbeat_of(server))
                self._under_way[number] = watched
                watched.owed += 1
                watched.rested = 0
                self.newest = number

    def owing(self, servers: Collection[Server]) -> list[Server]:
        """Those of these servers, which are watched, that have not answered all of their heartbeats. Servers that are
        silent for long are not among them."""
        return [server for server in servers if self._watched[server.identity].is_in_doubt]

    def listen(self, *, within: float) -> frozenset[Identity]:
        """Takes in the next results, for which it waits at most `within` seconds. Returns the servers of which there is
        news: those that are silent and missed another heartbeat, and those that were silent and answered one."""
        news: set[Identity] = set()
        for number, alive in self._probes.ended(within=within):
            watched = self._under_way.pop(number)
            watched.owed -= 1
            if alive:
                watched.answered_at = self._clock.now()
            before = watched.history
            watched.history = before.with_result(number, alive=alive)
            if (watched.history.is_silent or before.is_silent) and self._watched.get(watched.identity) is watched:
                news.add(watched.identity)
        return frozenset(news)
