"""The tables of loadtests/README.md, out of the results that are published beside it.

python loadtests/experiments/tables.py loadtests/published
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

PROJECT = Path(__file__).parents[2]
sys.path[:0] = [str(PROJECT), str(PROJECT / "apps" / "balancer" / "src")]

from loadtests.experiments.balance import Run  # noqa: E402 (the search path comes first)
from loadtests.experiments.catalogue import one_size  # noqa: E402
from loadtests.experiments.results import read  # noqa: E402
from loadtests.experiments.timeline import Timeline  # noqa: E402
from loadtests.ring.markdown import table  # noqa: E402


def tables(folder: Path) -> dict[str, str]:
    """Experiment → its table. Raises FileNotFoundError where one was not run."""
    one, two, three, four = (read(folder / f"a-{number}") for number in range(1, 5))
    if three.timeline is None:
        raise FileNotFoundError(f"{folder / 'a-3'} has no time line")
    return {
        "a-1": _shares(one.runs[0]),
        "a-2": _growth(two.runs),
        "a-3": _faults(three.timeline),
        "a-4": _pairs(one_size(four.runs)),
    }


def _shares(run: Run) -> str:
    rows = {
        part.server: {
            "requests": str(part.requests),
            "measured": f"{part.requests / run.requests:.2%}",
            "predicted": f"{part.share:.2%}",
        }
        for part in run.parts
    }
    return table(f"{run.requests} requests, {run.strategy} with {run.request_hash}", rows, first="server")


def _growth(runs: Sequence[Run]) -> str:
    rows = {
        str(run.n): {
            "average": f"{run.spread.mean:.0f}",
            "maximum": str(run.spread.highest),
            "standard deviation": f"{run.spread.deviation:.0f}",
            "max/mean": f"{run.spread.max_over_mean:.3f}",
            "predicted": f"{run.spread.predicted_max_over_mean:.3f}",
        }
        for run in runs
    }
    return table(f"{runs[0].requests} requests at each N", rows, first="N")


def _faults(line: Timeline) -> str:
    rows = {
        fault.name: {
            "victim": fault.victim,
            **({} if fault.off_ring is None else {"off the ring after": f"{fault.off_ring:.2f} s"}),
            "whole after": f"{fault.whole:.2f} s",
            **({"replacement": fault.replacement} if fault.replacement else {}),
        }
        for fault in line.faults
    }
    slowest = line.latency["max"] / 1000
    title = f"{line.requests} requests, {line.failures} failed, the slowest answered after {slowest:.2f} s"
    return table(title, rows, first="fault")


def _pairs(runs: Sequence[Run]) -> str:
    """A row for each strategy, a column for each request hash."""
    rows: dict[str, dict[str, str]] = {}
    for run in runs:
        rows.setdefault(run.strategy, {})[run.request_hash] = f"{run.spread.max_over_mean:.2f}"
    return table(f"max/mean of {runs[0].requests} requests at N = {runs[0].n}", rows, first="strategy")


if __name__ == "__main__":
    for name, text in tables(Path(sys.argv[1] if len(sys.argv) > 1 else "loadtests/published")).items():
        print(f"{name}\n\n{text}")
