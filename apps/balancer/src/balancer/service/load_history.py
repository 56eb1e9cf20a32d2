"""The loop that reads every 5 s what each server got, and keeps the history of ten minutes."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace

from balancer.core import load_history, prediction
from balancer.core.errors import PlaneUnavailable
from balancer.core.fleet import ON_THE_RING, Fleet
from balancer.core.lifecycle import State
from balancer.core.load_history import Missing, Reading
from balancer.core.server_load import LoadReport
from balancer.ports.clock import Clock
from balancer.ports.traffic import Traffic
from balancer.service.desired import DesiredFleet
from balancer.service.nodes import Nodes

INTERVAL = 5.0
"""Seconds between two readings."""


class LoadHistory:
    """One thread runs `round`; any thread asks for the report."""

    def __init__(self, *, traffic: Traffic, desired: DesiredFleet, nodes: Nodes, clock: Clock) -> None:
        self._traffic = traffic
        self._desired = desired
        self._nodes = nodes
        self._clock = clock
        self._history = load_history.LoadHistory()
        self._expected: tuple[Hashable, Mapping[int, float]] = (None, {})

    def round(self) -> float:
        """Returns the seconds until the next reading."""
        began = self._clock.now()
        self.read()
        return max(0.0, INTERVAL - (self._clock.now() - began))

    def read(self) -> None:
        """Takes one reading. The fleet is looked at before: what came under an older ring then counts for none."""
        fleet = self._desired.fleet
        try:
            counters = self._traffic.counters()
        except PlaneUnavailable:
            self._history = self._history.missing(self._clock.time())
            return
        self._history = self._history.read(
            counters,
            at=self._clock.now(),
            time=self._clock.time(),
            ring=_ring(fleet),
            living=[server.hostname for server in fleet.servers],
        )

    def report(self) -> LoadReport:
        """The load of every server on the ring, and of those that leave it. Of a server's two containers in a roll, the
        node is that of the one on the ring. The first report for a request hash and M
        takes about a second."""
        fleet = self._desired.fleet
        shares = self._shares(fleet)
        expected: dict[str, float] = {}
        nodes: dict[str, str] = {}
        for server in fleet.of(*ON_THE_RING, State.LEAVING):
            share = shares.get(server.ring_id, 0.0) if server.state is State.SERVING else 0.0
            expected[server.hostname] = expected.get(server.hostname, 0.0) + share
            if server.state is not State.LEAVING or server.hostname not in nodes:
                nodes[server.hostname] = self._nodes.of(server.instance)
        report = self._history.report(expected)
        return replace(report, servers=tuple(replace(load, node=nodes[load.hostname]) for load in report.servers))

    def history(self) -> tuple[Reading | Missing, ...]:
        """The readings of the last ten minutes, the oldest first."""
        return self._history.readings

    def _shares(self, fleet: Fleet) -> Mapping[int, float]:
        """ring id → expected share. They are computed once for each ring: M may be 65536."""
        ring, shares = self._expected
        if ring != _ring(fleet):
            answering = fleet.table.among(_serving(fleet))
            shares = prediction.shares(answering, fleet.profile.request_hash)
            self._expected = (_ring(fleet), shares)
        return shares


def _ring(fleet: Fleet) -> Hashable:
    """Another value after each change of profile or table, and of who answers."""
    return fleet.version, _serving(fleet)


def _serving(fleet: Fleet) -> frozenset[int]:
    return frozenset(server.ring_id for server in fleet.of(State.SERVING))
