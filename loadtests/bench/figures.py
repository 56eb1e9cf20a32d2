"""What was measured and what follows from it: paired ratios with their spread, and whether the targets are met."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from loadtests.bench.contestants import CONTESTANTS

BASE = "haproxy"
"""The contestant to which all are compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One contestant in one round. `place`: when in the round its turn was, from 1; `cpu_seconds` of its own container,
    of which `kernel_seconds` in the kernel; `connections` that the servers were asked to open; `faults`: kind → count.
    """

    contestant: str
    round: int
    place: int
    requests: int
    seconds: float
    p50_us: int
    p99_us: int
    cpu_seconds: float
    kernel_seconds: float
    connections: int
    faults: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Measure:
    """`of(run)` is the figure; `better`: whether more or less of it is."""

    title: str
    of: Callable[[Run], float]
    better: str


PER_CPU = "per_cpu_second"
MEASURES: Mapping[str, Measure] = {
    PER_CPU: Measure("requests per CPU second", lambda run: run.requests / run.cpu_seconds, "more"),
    "throughput": Measure("requests per second", lambda run: run.requests / run.seconds, "more"),
    "p50": Measure("p50 latency", lambda run: run.p50_us, "less"),
    "p99": Measure("p99 latency", lambda run: run.p99_us, "less"),
}


@dataclass(frozen=True, slots=True)
class Spread:
    """Over the rounds."""

    median: float
    least: float
    most: float

    @staticmethod
    def of(figures: Sequence[float]) -> Spread:
        return Spread(median(figures), min(figures), max(figures))

    def __str__(self) -> str:
        return f"{self.median:.3g} ({self.least:.3g}-{self.most:.3g})"


@dataclass(frozen=True, slots=True)
class Target:
    """The median over the rounds of `contestant`'s `measure` ÷ that of `other` in the same round."""

    contestant: str
    other: str
    measure: str
    limit: float

    def judge(self, runs: Sequence[Run]) -> Mapping[str, Any] | None:
        """None where one of the two took no part."""
        found = ratio(runs, self.measure, self.contestant, self.other)
        if found is None:
            return None
        sign = "≥" if MEASURES[self.measure].better == "more" else "≤"
        return {
            "promise": f"{self.contestant} ÷ {self.other}, {MEASURES[self.measure].title} {sign} {self.limit:.2f}",
            "measured": round(found.median, 3),
            "met": found.median >= self.limit if sign == "≥" else found.median <= self.limit,
        }


TARGETS = (
    Target("edge", "haproxy", PER_CPU, 1.0),
    Target("edge", "nginx", PER_CPU, 1.0),
    Target("edge", "envoy-maglev", PER_CPU, 2.3),
    Target("edge", "envoy-ring-hash", PER_CPU, 2.3),
    Target("edge", "caddy", PER_CPU, 3.0),
    Target("edge", "flask", PER_CPU, 40.0),
    Target("edge", "haproxy", "p99", 1.05),
)


def ratio(runs: Sequence[Run], measure: str, contestant: str, other: str = BASE) -> Spread | None:
    """Of the two in the same round; None where there is no round with both."""
    of = MEASURES[measure].of
    rounds = {name: {run.round: of(run) for run in runs if run.contestant == name} for name in (contestant, other)}
    both = rounds[contestant].keys() & rounds[other].keys()
    pairs = [rounds[contestant][number] / rounds[other][number] for number in sorted(both)]
    return Spread.of(pairs) if pairs else None


def spread(runs: Sequence[Run], contestant: str, figure: Callable[[Run], float]) -> Spread:
    return Spread.of([figure(run) for run in runs if run.contestant == contestant])


def judged(runs: Sequence[Run]) -> list[Mapping[str, Any]]:
    return [found for target in TARGETS if (found := target.judge(runs))]


def names(runs: Sequence[Run]) -> list[str]:
    """Of the contestants, in the order in which they are listed everywhere."""
    present = {run.contestant for run in runs}
    return [name for name in CONTESTANTS if name in present]
