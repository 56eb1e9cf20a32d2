"""The edge watch: it looks at the edges of several hosts, and reports those that are lost or do not obey."""

from __future__ import annotations

from collections.abc import Sequence

from balancer.core.edge import Edge
from balancer.core.event import EventKind
from balancer.core.lost_nodes import LostNodes, lost_nodes
from balancer.ports.clock import Clock
from balancer.ports.edges import Edges
from balancer.service.event_log import EventLog
from balancer.service.problems import Part, Problems

_PAUSE = 1.0
"""Seconds between two looks."""
_PATIENCE = 5.0
"""Seconds that an edge may take to start or to obey before that is a problem."""


class EdgeWatch:
    """`edges`: None on one host. `lease`: the seconds for which an edge counts after it was heard of. One thread runs
    `round`; any thread asks the rest. A lost edge is a problem, but the balancer stays ready: all others work."""

    def __init__(
        self, *, edges: Edges | None, problems: Problems, events: EventLog, clock: Clock, lease: float
    ) -> None:
        self._edges = edges
        self._problems = problems
        self._events = events
        self._clock = clock
        self._lease = lease
        self._lost_at: dict[str, float] = {}
        self._well_at: dict[str, float] = {}

    @property
    def edges(self) -> Sequence[Edge]:
        """The edges that were heard of in the last minutes, by the name of their node; none on one host."""
        return self._edges.edges() if self._edges else ()

    @property
    def lost(self) -> LostNodes:
        return lost_nodes(self.edges, lease=self._lease)

    def round(self) -> float:
        """Returns the seconds until the next look."""
        edges = self.edges
        now = self._clock.now()
        for edge in edges:
            if edge.is_leased:
                self._heard(edge, now)
            elif edge.node not in self._lost_at:
                self._lose(edge, now)
        nodes = {edge.node for edge in edges}
        self._lost_at = {node: at for node, at in self._lost_at.items() if node in nodes}
        self._well_at = {edge.node: self._last_well(edge, now) for edge in edges}
        self._report([complaint for edge in edges if (complaint := self._complaint(edge, now))])
        return _PAUSE

    def _heard(self, edge: Edge, now: float) -> None:
        lost_at = self._lost_at.pop(edge.node, None)
        if lost_at is not None:
            self._events.record(EventKind.EDGE_BACK, node=edge.node, seconds=now - lost_at)

    def _lose(self, edge: Edge, now: float) -> None:
        self._lost_at[edge.node] = now - edge.silent_for
        self._events.record(
            EventKind.EDGE_LOST, node=edge.node, reason=f"nothing was heard of it for {edge.silent_for:.1f} s"
        )

    def _last_well(self, edge: Edge, now: float) -> float:
        is_well = edge.is_serving and edge.in_step and not edge.problem
        return now if is_well else self._well_at.get(edge.node, now)

    def _complaint(self, edge: Edge, now: float) -> str:
        """What is wrong with the edge; empty for nothing."""
        if not edge.is_leased:
            return f"the edge on {edge.node} is lost: nothing was heard of it for {edge.silent_for:.0f} s"
        if now - self._well_at[edge.node] < _PATIENCE:
            return ""
        if edge.problem:
            return f"the edge on {edge.node} has a problem: {edge.problem}"
        what = "does not obey the present routes" if edge.is_serving else "does not serve"
        return f"the edge on {edge.node} {what}"

    def _report(self, complaints: list[str]) -> None:
        if complaints:
            self._problems.report(Part.EDGES, "; ".join(complaints), is_warning=True)
        else:
            self._problems.clear(Part.EDGES)
