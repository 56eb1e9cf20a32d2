"""The edges of a deployment on several hosts, as a port."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from balancer.core.edge import Edge


class Edges(Protocol):
    def edges(self) -> Sequence[Edge]:
        """Every edge that was heard of in the last minutes, by the name of its node. Never raises."""
