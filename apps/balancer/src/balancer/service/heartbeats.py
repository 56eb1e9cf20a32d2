"""The heartbeats of all servers: sends them, takes in their results, and knows who is silent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
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
        self._under_way: dict[int, Identity] = {}
        self._histories: dict[Identity, HeartbeatHistory] = {}
        self._answered_at: dict[Identity, float] = {}
        self._owed: Counter[Identity] = Counter()
        """How many heartbeats of each server are under way."""
        self._rested: dict[Identity, int] = {}
        """How many heartbeats in a row a server that is silent for long was spared."""

    @property
    def silent(self) -> frozenset[Identity]:
        return frozenset(identity for identity, history in self._histories.items() if history.is_silent)

    @property
    def answering(self) -> frozenset[Identity]:
        """The servers that have answered a heartbeat and are not silent."""
        return frozenset(identity for identity, history in self._histories.items() if history.is_answering)

    def missed(self, identity: Identity) -> tuple[int, ...]:
        """The numbers of the newest heartbeats that the server missed since it last answered one."""
        history = self._histories.get(identity)
        return history.missed if history else ()

    def answered_at(self, identity: Identity) -> float:
        """When the server last answered a heartbeat. Where it never did, when it got its first one."""
        return self._answered_at.get(identity, self._clock.now())

    def watch(self, servers: Collection[Server]) -> None:
        """Forgets all but these servers."""
        now = self._clock.now()
        fresh = HeartbeatHistory(strikes=self.strikes)
        identities = {server.identity for server in servers}
        self._histories = {identity: self._histories.get(identity, fresh) for identity in identities}
        self._answered_at = {identity: self._answered_at.get(identity, now) for identity in identities}
        self._rested = {identity: self._rested.get(identity, _REST) for identity in identities}

    def send(self, servers: Collection[Server], heartbeat_of: Callable[[Server], Heartbeat]) -> None:
        """Sends one more heartbeat to each of these servers, which are watched, as `heartbeat_of` says. It does not
        wait for earlier heartbeats.

        A server with `strikes` unanswered heartbeats gets no further one, which could not tell anything sooner.
        """
        for server in servers:
            identity = server.identity
            if self._is_due(identity):
                number = next(self._numbers)
                self._probes.send(number, server.address, heartbeat_of(server))
                self._under_way[number] = identity
                self._owed[identity] += 1
                self._rested[identity] = 0
                self.newest = number

    def owing(self, servers: Collection[Server]) -> list[Server]:
        """Those of these servers, which are watched, that have not answered all of their heartbeats. Servers that are
        silent for long are not among them."""
        return [
            server
            for server in servers
            if self._owed[server.identity] and not self._histories[server.identity].is_long_silent
        ]

    def listen(self, *, within: float) -> frozenset[Identity]:
        """Takes in the next results, for which it waits at most `within` seconds. Returns the servers of which there is
        news: those that are silent and missed another heartbeat, and those that were silent and answered one."""
        news: set[Identity] = set()
        for number, alive in self._probes.ended(within=within):
            identity = self._under_way.pop(number)
            self._owed[identity] -= 1
            if not self._owed[identity]:
                del self._owed[identity]
            if identity not in self._histories:
                continue
            before = self._histories[identity]
            if alive:
                self._answered_at[identity] = self._clock.now()
            now = self._histories[identity] = before.with_result(number, alive=alive)
            if now.is_silent or before.is_silent:
                news.add(identity)
        return frozenset(news)

    def _is_due(self, identity: Identity) -> bool:
        if self._histories[identity].is_long_silent:
            self._rested[identity] += 1
            return not self._owed[identity] and self._rested[identity] >= _REST
        return self._owed[identity] < self.strikes
