"""What an experiment leaves in its folder: result.json to repeat and to draw from, tables as CSV, plots."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from matplotlib import rc_context
from matplotlib.figure import Figure

from loadtests.experiments.balance import Run
from loadtests.experiments.timeline import Timeline
from loadtests.ring.svg import STYLE, svg

COMPLETE = "complete"
_DOTS_PER_INCH = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """`status` is "complete", or "failed" or "interrupted" with a reason; `runs` or a `timeline`, as far as it came."""

    experiment: str
    status: str
    provenance: Mapping[str, Any]
    reason: str = ""
    runs: Sequence[Run] = field(default_factory=list)
    timeline: Timeline | None = None

    @property
    def is_complete(self) -> bool:
        return self.status == COMPLETE


def clear(folder: Path) -> None:
    """Nothing of an earlier run stands beside this one's."""
    for pattern in ("*.csv", "*.png", "*.svg"):
        for path in folder.glob(pattern):
            path.unlink()


def write(folder: Path, result: Result) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    document = {
        "experiment": result.experiment,
        "status": result.status,
        "reason": result.reason,
        "provenance": result.provenance,
        "runs": [run.document for run in result.runs],
        "timeline": result.timeline.document if result.timeline else None,
    }
    replacement = folder / "result.json.new"
    replacement.write_text(json.dumps(document, indent=1) + "\n")
    replacement.replace(folder / "result.json")


def read(folder: Path) -> Result:
    document = json.loads((folder / "result.json").read_text())
    timeline = document["timeline"]
    return Result(
        experiment=document["experiment"],
        status=document["status"],
        reason=document["reason"],
        provenance=document["provenance"],
        runs=[Run.of(run) for run in document["runs"]],
        timeline=Timeline.of(timeline) if timeline else None,
    )


def write_tables(folder: Path, result: Result) -> None:
    if result.timeline:
        line = result.timeline
        _table(folder / "endpoints.csv", ("side", "request", "expected", "status", "milliseconds"), line.endpoints)
        _table(folder / "faults.csv", ("name", "victim", "at", "off_ring", "whole", "replacement"), line.faults)
        _rows(
            folder / "seconds.csv",
            ("at", "answers", "failures"),
            [(round(second.at, 1), sum(second.servers.values()), second.failures) for second in line.seconds],
        )
        _rows(
            folder / "membership.csv",
            ("server", "from", "until"),
            [(name, round(since, 1), round(until, 1)) for name, since, until in line.memberships],
        )
    if result.runs:
        _rows(folder / "servers.csv", SERVERS, [row for run in result.runs for row in server_rows(run)])
        _rows(folder / "balance.csv", BALANCE, [balance_row(run) for run in result.runs])


def draw(folder: Path, figures: Mapping[str, Figure]) -> None:
    """Each as PNG and as SVG."""
    for name, figure in figures.items():
        with rc_context(STYLE):
            figure.savefig(folder / f"{name}.png", dpi=_DOTS_PER_INCH, metadata={"Software": None})
        (folder / f"{name}.svg").write_text(svg(figure))


SERVERS = ("strategy", "request_hash", "N", "server", "ring_id", "slots", "predicted_share", "requests", "share")
BALANCE = (
    *("strategy", "request_hash", "N", "requests", "failures", "mean", "max", "min", "standard_deviation"),
    *("max_over_mean", "predicted_max_over_mean", "chi_square", "degrees", "p", "requests_per_second"),
)


def server_rows(run: Run) -> Iterable[tuple[object, ...]]:
    for part in run.parts:
        share = part.requests / max(1, run.requests)
        yield (
            *(run.strategy, run.request_hash, run.n, part.server, part.ring_id, part.slots),
            *(f"{part.share:.6f}", part.requests, f"{share:.4f}"),
        )


def balance_row(run: Run) -> tuple[object, ...]:
    spread = run.spread
    return (
        *(run.strategy, run.request_hash, run.n, run.requests, run.failures, f"{spread.mean:.1f}", spread.highest),
        *(spread.lowest, f"{spread.deviation:.1f}", f"{spread.max_over_mean:.4f}"),
        *(f"{spread.predicted_max_over_mean:.4f}", f"{spread.fit.statistic:.2f}", spread.fit.degrees),
        *(f"{spread.fit.p:.3g}", f"{run.requests / run.seconds:.0f}"),
    )


def _table(path: Path, columns: Sequence[str], records: Iterable[object]) -> None:
    _rows(path, columns, [[_cell(getattr(record, column)) for column in columns] for record in records])


def _cell(value: object) -> object:
    return round(value, 2) if isinstance(value, float) else value


def _rows(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
