"""The metrics of the edge itself, as a port. The data plane flask has no edge."""

from __future__ import annotations

from typing import Protocol


class EdgeMetrics(Protocol):
    """Every method may raise PlaneUnavailable, and answers within seconds."""

    def exposition(self) -> str:
        """The edge's own metrics in Prometheus' text format. The label `server` is a hostname, `container` the instance
        of the container that the figures are of."""

    def old_processes(self) -> int:
        """How many processes still finish requests after a reload."""
