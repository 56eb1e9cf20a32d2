"""Watches the heartbeats of servers and knows which of them missed too many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from itertools import count

from balancer.core.fleet import Server
from balancer.core.heartbeat_history import HeartbeatHistory
from balancer.ports.probe import Probes

Identity = tuple[int, int]
"""A Server's `identity`."""


class Heartbeats:
    """One thread sends and listens; any thread may ask for the suspects, which are the servers that missed `strikes`
    heartbeats in a row."""

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

    def send(self, servers: Collection[Server]) -> None:
        """Sends one more heartbeat to each server, answered or not those before; forgets all other servers.

        A server that has not answered as many as there are strikes gets no more: they would tell nothing sooner.
        """
        fresh = HeartbeatHistory(strikes=self._strikes)
        self._histories = {server.identity: self._histories.get(server.identity, fresh) for server in servers}
        self._find_suspects()
        owed = Counter(self._under_way.values())
        for server in servers:
            if owed[server.identity] < self._strikes:
                number = next(self._numbers)
                self._probes.send(number, server.address)
                self._under_way[number] = server.identity

    def listen(self, *, within: float) -> frozenset[Identity]:
        """Takes in the results that come first, at most `within` seconds from now; returns the servers that have become
        suspects by them."""
        before = self._suspects
        for number, alive in self._probes.ended(within=within):
            identity = self._under_way.pop(number)
            if identity in self._histories:
                self._histories[identity] = self._histories[identity].with_result(number, alive=alive)
        self._find_suspects()
        return self._suspects - before

    def _find_suspects(self) -> None:
        self._suspects = frozenset(identity for identity, history in self._histories.items() if history.has_failed)
