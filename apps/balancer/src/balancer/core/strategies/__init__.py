"""All placement strategies, by name. Each strategy is one file with one class. No other file lists them."""

from __future__ import annotations

from balancer.core.strategies.course import Course
from balancer.core.strategies.maglev import Maglev
from balancer.core.strategies.ring import Ring
from balancer.core.strategies.strategy import Strategy
from balancer.core.strategies.table import Table

STRATEGIES: dict[str, type[Strategy]] = {strategy.name: strategy for strategy in (Table, Course, Ring, Maglev)}

__all__ = ["STRATEGIES", "Course", "Maglev", "Ring", "Strategy", "Table"]
