"""What was measured and what follows from it: paired ratios with their 95 % interval, and the targets' verdicts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import comb
from statistics import median

from loadtests.bench.contestants import CONTESTANTS

BASE = "haproxy"
"""The contestant to which all are compared."""
_OUTSIDE = 0.05
"""The probability that an interval does not contain the median of all rounds that could be: 95 % do."""


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
    cpu_seconds: float
    kernel_seconds: float
    connections: int
    faults: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Measure:
    """`of(run)` is the figure, and more of it is better."""

    title: str
    of: Callable[[Run], float]


PER_CPU = "per_cpu_second"
MEASURES: Mapping[str, Measure] = {
    PER_CPU: Measure("requests per CPU second", lambda run: run.requests / run.cpu_seconds),
    "throughput": Measure("requests per second", lambda run: run.requests / run.seconds),
}


@dataclass(frozen=True, slots=True)
class Estimate:
    """The median over the rounds, and its 95 % interval; that is None where there are too few rounds for one."""

    median: float
    interval: tuple[float, float] | None

    @staticmethod
    def of(pairs: Sequence[float]) -> Estimate:
        """By order statistics: the chance that all but k of n rounds are on one side of the median is binomial,
        however the rounds are distributed. The interval leaves out the k least and the k greatest."""
        n, ordered = len(pairs), sorted(pairs)
        tails = [2 * sum(comb(n, i) for i in range(k + 1)) / 2**n for k in range(n // 2)]
        left_out = sum(tail <= _OUTSIDE for tail in tails) - 1
        return Estimate(median(pairs), (ordered[left_out], ordered[-1 - left_out]) if left_out >= 0 else None)

    def __str__(self) -> str:
        told = "too few rounds" if self.interval is None else "{:.3g} to {:.3g}".format(*self.interval)
        return f"{self.median:.3g} ({told})"


@dataclass(frozen=True, slots=True)
class Target:
    """At least `limit` times as many requests per CPU second as `other` in the same round."""

    contestant: str
    other: str
    limit: float

    def judge(self, runs: Sequence[Run]) -> str | None:
        """None where one of the two took no part."""
        found = ratio(runs, PER_CPU, self.contestant, self.other)
        if found is None:
            return None
        promise = f"{self.contestant} ÷ {self.other}, {MEASURES[PER_CPU].title} ≥ {self.limit:.2f}"
        interval = "too few rounds" if found.interval is None else "{:.2f} to {:.2f}".format(*found.interval)
        return f"{promise}: {found.median:.2f} ({interval}): {verdict(found, self.limit)}"


def verdict(found: Estimate, limit: float) -> str:
    """ "undecided" where the interval contains the limit, or where there is none."""
    if found.interval is None or found.interval[0] <= limit <= found.interval[1]:
        return "undecided"
    return "met" if found.median > limit else "MISSED"


TARGETS = (
    Target("edge", BASE, 1.0),
    Target("edge-16k", "haproxy-16k", 1.0),
    Target("edge", "haproxy-16k", 1.0),
    Target("edge", "nginx", 1.0),
    Target("edge", "envoy-maglev", 2.3),
    Target("edge", "envoy-ring-hash", 2.3),
    Target("edge", "caddy", 3.0),
    Target("edge", "flask", 40.0),
)


def judged(runs: Sequence[Run]) -> list[str]:
    return [told for target in TARGETS if (told := target.judge(runs))]


def ratio(runs: Sequence[Run], measure: str, contestant: str, other: str = BASE) -> Estimate | None:
    """Of the two in the same round; None where there is no round with both."""
    of = MEASURES[measure].of
    rounds = {name: {run.round: of(run) for run in runs if run.contestant == name} for name in (contestant, other)}
    both = rounds[contestant].keys() & rounds[other].keys()
    return Estimate.of([rounds[contestant][number] / rounds[other][number] for number in both]) if both else None


def typical(runs: Sequence[Run], contestant: str, figure: Callable[[Run], float]) -> float:
    """The median over the rounds."""
    return median(figure(run) for run in runs if run.contestant == contestant)


def names(runs: Sequence[Run]) -> list[str]:
    """Of the contestants, in the order in which they are listed everywhere."""
    present = {run.contestant for run in runs}
    return [name for name in CONTESTANTS if name in present]
