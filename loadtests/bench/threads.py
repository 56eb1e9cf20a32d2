"""The edge over one thread, two and more: how its throughput grows, and what a request costs it then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from loadtests.bench.figures import Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadRun:
    """The edge with so many threads in one round. `faults`: kind → count."""

    threads: int
    round: int
    requests: int
    seconds: float
    cpu_seconds: float
    faults: Mapping[str, int]

    @property
    def throughput(self) -> float:
        return self.requests / self.seconds

    @property
    def cpu_per_request(self) -> float:
        """Seconds."""
        return self.cpu_seconds / self.requests


def growth(runs: Sequence[ThreadRun], threads: int) -> Estimate:
    """Its throughput over that with one thread in the same round."""
    one, more = ({run.round: run.throughput for run in runs if run.threads == count} for count in (1, threads))
    return Estimate.of([more[number] / one[number] for number in more.keys() & one.keys()])


def counts(cores: int) -> list[int]:
    """1, 2, 4 and so on: as many as there are cores at the most."""
    return [2**power for power in range(cores.bit_length())]
