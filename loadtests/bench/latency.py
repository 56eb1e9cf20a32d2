"""What each adds to the latency at a fixed rate: its own in a round, less that of one server without a balancer in the
same round. The rates are parts of the capacity of the slowest that are compared, so all have the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from loadtests.bench.figures import MEASURES, Estimate, Run, names, typical
from loadtests.running import CannotMeasure

BESIDE = "direct"
COMPARED = ("edge", "haproxy", "nginx")
SHARES = (25, 50, 75)
"""Percent of the capacity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LatencyRun:
    """One contestant in one round, at `rate` requests a second, which is `share` percent of the capacity. `place`: when
    in the round its turn was, from 1. Latencies count from when a request was due; `most_us` is the longest. `late_us`:
    the 99th percentile of what the load generator itself was late; `faults`: kind → count."""

    contestant: str
    round: int
    place: int
    share: int
    rate: int
    requests: int
    p50_us: int
    p99_us: int
    p999_us: int
    most_us: int
    late_us: int
    faults: Mapping[str, int]

    def milliseconds(self, percentile: str) -> float:
        return float({"p50": self.p50_us, "p99": self.p99_us, "p99.9": self.p999_us}[percentile]) / 1e3


PERCENTILES = ("p50", "p99", "p99.9")


def parse(printed: str) -> dict[str, Any]:
    """The figures of a LatencyRun, from what fixed_rate.py prints. Raises CannotMeasure where it prints none."""
    try:
        told = json.loads(printed.strip().splitlines()[-1])
        return {
            name: told[name] for name in ("requests", "p50_us", "p99_us", "p999_us", "most_us", "late_us", "faults")
        }
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise CannotMeasure(f"fixed_rate.py told no figures: {printed.strip()[-500:] or 'nothing'}") from error


def capacity(runs: Sequence[Run]) -> float:
    """Requests per second of the slowest of those compared, as measured without pauses."""
    return min(typical(runs, name, MEASURES["throughput"].of) for name in names(runs) if name in COMPARED)


def added(latencies: Sequence[LatencyRun], contestant: str, share: int, percentile: str) -> Estimate | None:
    """In milliseconds; None where no round has both."""
    own, bare = (
        {run.round: run.milliseconds(percentile) for run in latencies if run.contestant == name and run.share == share}
        for name in (contestant, BESIDE)
    )
    both = own.keys() & bare.keys()
    return Estimate.of([own[number] - bare[number] for number in both]) if both else None
