"""The heartbeats of all servers: sends them, takes in their results, and knows the suspects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from itertools import count

from balancer.core.fleet import Server
from balancer.core.heartbeat import Heartbeat
from balancer.core.heartbeat_history import HeartbeatHistory
from balancer.ports.probe import Probes

Identity = tuple[int, int]
"""A Server's `identity`."""


class Heartbeats:
    """Suspects are the servers that missed `strikes` heartbeats in a row. Only one thread may send and listen; any
    thread may ask for the suspects."""

    def __init__(self, *, probes: Probes, strikes: int) -> None:
        self._probes = probes
        self._strikes = strikes
        self._numbers = count(1)
        self._under_way: dict[int, Identity] = {}
        self._histories: dict[Identity, HeartbeatHistory] = {}
        self._suspects: frozenset[Identity] = frozenset()

    @property
    def suspects(self) -> frozenset[Identity]:
        return self._suspects

    def send(self, servers: Collection[Server], heartbeat_of: Callable[[Server], Heartbeat]) -> None:
        """Sends one more heartbeat to each of these servers, as `heartbeat_of` says, and forgets all other servers. It
        does not wait for earlier heartbeats.

        A server with `strikes` unanswered heartbeats gets no further one, which could not tell anything sooner.
        """
        fresh = HeartbeatHistory(strikes=self._strikes)
        self._histories = {server.identity: self._histories.get(server.identity, fresh) for server in servers}
        self._find_suspects()
        owed = Counter(self._under_way.values())
        for server in servers:
            if owed[server.identity] < self._strikes:
                number = next(self._numbers)
                self._probes.send(number, server.address, heartbeat_of(server))
                self._under_way[number] = server.identity

    def listen(self, *, within: float) -> frozenset[Identity]:
        """Takes in the next results, for which it waits at most `within` seconds. Returns the servers that have become
        suspects, by identity."""
        before = self._suspects
        for number, alive in self._probes.ended(within=within):
            identity = self._under_way.pop(number)
            if identity in self._histories:
                self._histories[identity] = self._histories[identity].with_result(number, alive=alive)
        self._find_suspects()
        return self._suspects - before

    def _find_suspects(self) -> None:
        self._suspects = frozenset(identity for identity, history in self._histories.items() if history.is_suspect)
