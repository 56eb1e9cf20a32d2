"""The edges of several hosts, as a test wants them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from balancer.core.edge import Edge


class FakeEdges:
    """An Edges. Every edge that a test adds is well until the test says otherwise."""

    def __init__(self) -> None:
        self._edges: dict[str, Edge] = {}

    def edges(self) -> Sequence[Edge]:
        return [self._edges[node] for node in sorted(self._edges)]

    def add(self, *nodes: str) -> None:
        for node in nodes:
            self._edges[node] = Edge(node=node, is_leased=True, is_serving=True, in_step=True, silent_for=0.0)

    def change(self, node: str, **changes: object) -> None:
        self._edges[node] = replace(self._edges[node], **changes)  # type: ignore[arg-type]

    def lose(self, node: str, *, silent_for: float = 3.0) -> None:
        """Nothing was heard of it for so many seconds, and its lease is over."""
        self.change(node, is_leased=False, silent_for=silent_for)

    def heal(self, node: str) -> None:
        self.change(node, is_leased=True, silent_for=0.0)

    def forget(self, node: str) -> None:
        """It was not heard of for minutes."""
        del self._edges[node]
