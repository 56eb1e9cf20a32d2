"""Watches the heartbeats of servers and knows which of them missed too many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from itertools import count

from balancer.core.fleet import Server
from balancer.core.heartbeat import Pulse
from balancer.ports.probe import Probes

Identity = tuple[int, int]
"""A Server's `identity`."""


class Heartbeats:
    """One thread sends and listens; any may ask for the suspects. A server has failed after `strikes` misses."""

    def __init__(self, *, probes: Probes, strikes: int) -> None:
        self._probes = probes
        self._strikes = strikes
        self._numbers = count(1)
        self._under_way: dict[int, Identity] = {}
        self._pulses: dict[Identity, Pulse] = {}
        self._suspects: frozenset[Identity] = frozenset()

    @property
    def suspects(self) -> frozenset[Identity]:
        return self._suspects

    def send(self, servers: Collection[Server]) -> None:
        """One more heartbeat to each server, whether or not it has answered those before; forgets all other servers.

        A server that owes as many as there are strikes gets no more: they would tell nothing sooner.
        """
        fresh = Pulse(strikes=self._strikes)
        self._pulses = {server.identity: self._pulses.get(server.identity, fresh) for server in servers}
        self._tell()
        owed = Counter(self._under_way.values())
        for server in servers:
            if owed[server.identity] < self._strikes:
                number = next(self._numbers)
                self._probes.send(number, server.address)
                self._under_way[number] = server.identity

    def listen(self, *, within: float) -> frozenset[Identity]:
        """Takes in the results that come first, at most `within` seconds from now; returns whom they make suspect."""
        before = self._suspects
        for number, alive in self._probes.ended(within=within):
            identity = self._under_way.pop(number)
            if identity in self._pulses:
                self._pulses[identity] = self._pulses[identity].beat(number, alive=alive)
        self._tell()
        return self._suspects - before

    def _tell(self) -> None:
        self._suspects = frozenset(identity for identity, pulse in self._pulses.items() if pulse.has_failed)
