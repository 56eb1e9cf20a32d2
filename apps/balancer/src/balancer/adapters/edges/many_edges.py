"""All edges of a deployment on several hosts as one data plane: what they obey, and the sums of what they say."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from balancer.adapters.edges import sums
from balancer.adapters.edges.hub import EdgeHub
from balancer.adapters.edges.labelled import labelled
from balancer.adapters.edges.totals import Totals
from balancer.adapters.haproxy.config import EdgeOptions, edge_files
from balancer.adapters.haproxy.edge_files import EdgeFiles
from balancer.core.activity import Activity
from balancer.core.certificate import Certificate
from balancer.core.edge import Edge
from balancer.core.load import Load
from balancer.core.routes import Routes
from balancer.core.server_load import ServerCounters
from balancer.core.traffic import KeyCounts

_WITHIN = 10.0
"""Seconds in which the edges have to obey. One that has a lease, but is so slow, fails the change."""


class ManyEdges:
    """A DataPlane, a Traffic, an EdgeMetrics and the Edges. `options`: those of each edge."""

    def __init__(self, hub: EdgeHub, options: EdgeOptions) -> None:
        self._hub = hub
        self._options = options
        self._made: tuple[Routes, EdgeFiles] | None = None
        self._summed: tuple[object, Mapping[str, Activity]] = (None, {})
        self._profile = ""
        self._counters, self._keyless = Totals(), Totals()
        self._lock, self._summing = threading.Lock(), threading.Lock()

    def apply(self, routes: Routes) -> None:
        files = self._files_of(routes)
        self._hub.offer(files)
        try:
            self._hub.wait_until_obeyed(_WITHIN)
        finally:
            if files.fixed_digest != self._profile:
                self._profile, self._keyless = files.fixed_digest, Totals()

    def in_step(self, routes: Routes) -> bool:
        """By what the edges said last: nobody is asked."""
        return self._hub.is_obeyed(self._files_of(routes))

    def activity(self) -> Mapping[str, Activity]:
        """An edge whose lease is over is left out: it may still have requests, but nobody can know."""
        answers = self._hub.ask("activity")
        with self._summing:  # threads that waited for the same answers add them up once
            known, summed = self._summed
            if known is not answers:
                summed = sums.activity(answers.values())
                self._summed = answers, summed
        return summed

    def close_idle(self, instance: str) -> None:
        self._hub.ask("close_idle", instance=instance)

    def load(self) -> Load:
        return sums.load(self._hub.ask("load").values())

    def keyless(self) -> int:
        with self._lock:
            answers = self._hub.ask("keyless")
            of_edges = {node: {"": ServerCounters(requests=count)} for node, count in answers.items()}
            return self._keyless.read(of_edges, self._nodes())[""].requests

    def certificates(self) -> tuple[Certificate, ...]:
        return sums.certificates(self._hub.ask("certificates").values())

    def counters(self) -> Mapping[str, ServerCounters]:
        with self._lock:
            return self._counters.read(self._hub.ask("counters"), self._nodes())

    def keys(self) -> KeyCounts:
        return sums.keys(self._hub.ask("keys").values())

    def exposition(self) -> str:
        return labelled(self._hub.ask("exposition"))

    def old_processes(self) -> int:
        return sum(self._hub.ask("old_processes").values())

    def edges(self) -> tuple[Edge, ...]:
        return self._hub.edges()

    def _nodes(self) -> list[str]:
        return [edge.node for edge in self._hub.edges()]

    def _files_of(self, routes: Routes) -> EdgeFiles:
        """Made once for each Routes object: `in_step` is called every second, and the texts of a large ring cost
        milliseconds."""
        if self._made is None or self._made[0] is not routes:
            self._made = routes, edge_files(self._options, routes)
        return self._made[1]
