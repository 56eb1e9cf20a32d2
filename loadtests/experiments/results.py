"""What an experiment leaves in its folder: result.json, from which everything else can be made again, and plots."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from loadtests.drawing import save
from loadtests.experiments.balance import Run
from loadtests.experiments.timeline import Timeline

COMPLETE = "complete"


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


def write(folder: Path, result: Result, figures: Mapping[str, Figure]) -> None:
    """Nothing of an earlier run stays beside this one's; each figure is there as PNG and as SVG."""
    folder.mkdir(parents=True, exist_ok=True)
    for path in (*folder.glob("*.png"), *folder.glob("*.svg")):
        path.unlink()
    replacement = folder / "result.json.new"
    replacement.write_text(lines(asdict(result)) + "\n")
    replacement.replace(folder / "result.json")
    for name, figure in figures.items():
        save(figure, folder / name)


def read(folder: Path) -> Result:
    document = json.loads((folder / "result.json").read_text())
    timeline = document["timeline"]
    runs = [Run.of(run) for run in document["runs"]]
    return Result(**{**document, "runs": runs, "timeline": Timeline.of(timeline) if timeline else None})


def lines(value: Any, indent: str = "") -> str:
    """JSON with a line for each key and for each row of a table."""
    inner = indent + " "
    if isinstance(value, dict) and value:
        rows = [f"{json.dumps(key)}: {lines(item, inner)}" for key, item in value.items()]
        return "{\n" + ",\n".join(inner + row for row in rows) + f"\n{indent}}}"
    if isinstance(value, list | tuple) and any(isinstance(item, dict) for item in value):
        return "[\n" + ",\n".join(inner + json.dumps(item) for item in value) + f"\n{indent}]"
    return json.dumps(value)
