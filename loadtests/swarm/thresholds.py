"""What a run may be at worst, as the command line says, and what it was. Pure."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass

from loadtests.swarm.counts import Counts


@dataclass(frozen=True, slots=True)
class Threshold:
    """`measured` is None where there was nothing to measure, which misses every threshold."""

    option: str
    allowed: float
    measured: float | None

    @property
    def missed(self) -> bool:
        return self.measured is None or self.measured > self.allowed

    def __str__(self) -> str:
        measured = "nothing" if self.measured is None else f"{self.measured:.4g}"
        return f"{self.option}: measured {measured}, allowed {self.allowed:.4g}: {'MISSED' if self.missed else 'met'}"


def thresholds(given: Namespace, counts: Counts, max_over_mean: float | None) -> list[Threshold]:
    """Those that are given."""
    measured = [
        ("--max-fail-ratio", given.max_fail_ratio, counts.fail_ratio),
        ("--max-p99-ms", given.max_p99_ms, counts.latency["p99"]),
        ("--max-over-mean", given.max_over_mean, max_over_mean),
    ]
    return [
        Threshold(option, allowed, value if counts.requests else None)
        for option, allowed, value in measured
        if allowed is not None
    ]


def exit_code(judged: Sequence[Threshold], *, broken: bool) -> int | None:
    """1 where one is missed. 0 where none is and --max-fail-ratio has judged the failures, unless something else is
    `broken`. None, which leaves it to locust, in all other cases."""
    if any(threshold.missed for threshold in judged):
        return 1
    failures_judged = any(threshold.option == "--max-fail-ratio" for threshold in judged)
    return 0 if failures_judged and not broken else None
