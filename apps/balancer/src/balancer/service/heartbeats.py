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
        self._round = 0
        self._under_way: dict[int, Identity] = {}
        self._histories: dict[Identity, HeartbeatHistory] = {}
        self._answered_at: dict[Identity, float] = {}
        self._sent_in: dict[Identity, int] = {}
        """identity → the round in which the server got its newest heartbeat."""

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

    def send(self, servers: Collection[Server], heartbeat_of: Callable[[Server], Heartbeat]) -> None:
        """Sends one more heartbeat to each of these servers, as `heartbeat_of` says, and forgets all other servers. It
        does not wait for earlier heartbeats.

        A server with `strikes` unanswered heartbeats gets no further one, which could not tell anything sooner.
        """
        now = self._clock.now()
        fresh = HeartbeatHistory(strikes=self.strikes)
        identities = {server.identity for server in servers}
        self._histories = {identity: self._histories.get(identity, fresh) for identity in identities}
        self._answered_at = {identity: self._answered_at.get(identity, now) for identity in identities}
        self._sent_in = {identity: self._sent_in.get(identity, -_REST) for identity in identities}
        self._round += 1
        owed = Counter(self._under_way.values())
        for server in servers:
            if self._is_due(server.identity, owed[server.identity]):
                number = next(self._numbers)
                self._probes.send(number, server.address, heartbeat_of(server))
                self._under_way[number] = server.identity
                self._sent_in[server.identity] = self._round
                self.newest = number

    def listen(self, *, within: float) -> frozenset[Identity]:
        """Takes in the next results, for which it waits at most `within` seconds. Returns the servers of which there is
        news: those that are silent and missed another heartbeat, and those that were silent and answered one."""
        news: set[Identity] = set()
        for number, alive in self._probes.ended(within=within):
            identity = self._under_way.pop(number)
            if identity not in self._histories:
                continue
            before = self._histories[identity]
            if alive:
                self._answered_at[identity] = self._clock.now()
            now = self._histories[identity] = before.with_result(number, alive=alive)
            if now.is_silent or before.is_silent:
                news.add(identity)
        return frozenset(news)

    def _is_due(self, identity: Identity, owed: int) -> bool:
        """`owed`: how many heartbeats of the server are under way."""
        if self._histories[identity].is_long_silent:
            return not owed and self._round - self._sent_in[identity] >= _REST
        return owed < self.strikes
