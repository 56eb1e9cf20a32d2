"""The figures of the system tests of several hosts: one JSON object a line, and the table that is made of them.

`python -m tests.swarm.figures` prints the table for docs/several-hosts.md.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.deployment import PROJECT

FILE = Path(os.environ.get("SWARM_FIGURES", str(PROJECT / ".pytest_cache" / "several-hosts.jsonl")))
COLUMNS = (
    "requests",
    "failed before detection",
    "failed after detection",
    "seconds to detection",
    "seconds to N",
    "notes",
)


class Figures:
    """What one run measured. A new one begins with an empty file."""

    def __init__(self, file: Path = FILE) -> None:
        self._file = file
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("", encoding="utf-8")

    def add(self, what: str, **values: Any) -> None:
        """`what`: the row. `values`: column → its value, '_' for ' '."""
        row = {"what": what, **{name.replace("_", " "): value for name, value in values.items()}}
        line = json.dumps(row)
        print(line)  # noqa: T201 (pytest shows it with -s)
        with self._file.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


def rows(file: Path = FILE) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def markdown(found: Iterable[Mapping[str, Any]]) -> str:
    lines = [f"| | {' | '.join(COLUMNS)} |", "|---" * (len(COLUMNS) + 1) + "|"]
    lines += [f"| {row['what']} | {' | '.join(str(row.get(name, '')) for name in COLUMNS)} |" for row in found]
    return "\n".join(lines)


if __name__ == "__main__":
    print(markdown(rows()))  # noqa: T201 (that is what it is for)
