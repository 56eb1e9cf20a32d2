"""Placement strategies by name. Each is one file with one class; this is the only list of them."""

from __future__ import annotations

from balancer.core.strategies.course import Course
from balancer.core.strategies.strategy import Strategy
from balancer.core.strategies.table import Table

STRATEGIES: tuple[str, ...] = ("table", "course")


def strategy(name: str, *, slots: int, virtual_servers: int) -> Strategy:
    """The strategy called `name` on M = `slots` slots; K = `virtual_servers` where the strategy has any."""
    if name == "table":
        return Table(slots=slots)
    if name == "course":
        return Course(slots=slots, virtual_servers=virtual_servers)
    raise ValueError(f"unknown strategy {name!r}: choose one of {', '.join(STRATEGIES)}")


__all__ = ["STRATEGIES", "Course", "Strategy", "Table", "strategy"]
