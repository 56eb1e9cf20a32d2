"""A family of metrics: name, type, labels and meaning, declared once, for Prometheus and for docs/metrics.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import product


class Type(StrEnum):
    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


OPEN: tuple[str, ...] = ()
"""The values of a label that are not known beforehand. There are only so many at a time, such as hostnames."""

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Buckets of work that the balancer does alone."""
MINUTES = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 320.0)
"""Buckets of work that waits for servers."""


@dataclass(frozen=True, slots=True)
class Family:
    """`labels`: name → all values, or OPEN. `buckets`: of a histogram."""

    name: str
    type: Type
    text: str
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    buckets: tuple[float, ...] = ()

    @property
    def series(self) -> tuple[tuple[str, ...], ...]:
        """The values of the labels of every series, in the order of the labels. No series where a label is open."""
        return tuple(product(*self.labels.values()))
