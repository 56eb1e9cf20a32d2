"""The tables of a result, as Markdown for loadtests/README.md and as HTML for the report.

python loadtests/experiments/tables.py loadtests/published
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

PROJECT = Path(__file__).parents[2]
sys.path[:0] = [str(PROJECT), str(PROJECT / "apps" / "balancer" / "src")]

from loadtests.experiments.balance import Run  # noqa: E402 (the search path comes first)
from loadtests.experiments.results import Result, read  # noqa: E402
from loadtests.experiments.timeline import Timeline  # noqa: E402
from loadtests.table import Table  # noqa: E402


def tables(result: Result) -> list[Table]:
    """The first is what README shows; of what there is yet."""
    runs = result.runs
    if line := result.timeline:
        return [_faults(line), _endpoints(line)]
    if not runs:
        return []
    if result.experiment == "a-1":
        return [shares(runs[0])]
    if result.experiment == "a-2":
        return [_growth(runs)]
    sizes = sorted({run.n for run in runs}, key=lambda n: (n != 3, n))
    return [_pairs([run for run in runs if run.n == n]) for n in sizes]


def shares(run: Run) -> Table:
    rows = {
        part.server: {
            "requests": str(part.requests),
            "measured": f"{part.requests / max(1, run.requests):.2%}",
            "predicted": f"{part.share:.2%}",
        }
        for part in run.parts
    }
    return Table(f"{run.requests} requests, {run.strategy} with {run.request_hash}", "server", rows)


def _growth(runs: Sequence[Run]) -> Table:
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
    return Table(f"{runs[0].requests} requests at each N", "N", rows)


def _faults(line: Timeline) -> Table:
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
    return Table(title, "fault", rows)


def _endpoints(line: Timeline) -> Table:
    calls = {f"{number}. {call.side} {call.request}": call for number, call in enumerate(line.endpoints, start=1)}
    rows = {
        name: {"expected": str(call.expected), "answered": str(call.status), "ms": f"{call.milliseconds:.0f}"}
        for name, call in calls.items()
    }
    wrong = frozenset(name for name, call in calls.items() if not call.is_as_expected)
    return Table(f"{len(calls)} calls", "call", rows, wrong)


def _pairs(runs: Sequence[Run]) -> Table:
    """Of one size: a row for each strategy, a column for each request hash."""
    rows: dict[str, dict[str, str]] = {}
    for run in runs:
        rows.setdefault(run.strategy, {})[run.request_hash] = f"{run.spread.max_over_mean:.2f}"
    return Table(f"max/mean of {runs[0].requests} requests at N = {runs[0].n}", "strategy", rows)


if __name__ == "__main__":
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "loadtests/published")
    for path in sorted(folder.glob("a-*")):
        print(f"{path.name}\n\n{tables(read(path))[0].markdown()}")
