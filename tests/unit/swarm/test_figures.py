"""The figures of a run, and their table."""

from __future__ import annotations

from pathlib import Path

from tests.swarm.figures import COLUMNS, Figures, markdown, rows


def test_a_run_begins_with_an_empty_file_and_adds_a_line_for_each_row(tmp_path: Path) -> None:
    file = tmp_path / "new" / "figures.jsonl"
    Figures(file).add("an older run")
    figures = Figures(file)
    figures.add("a node dies", requests=1200, failed_after_detection=0, seconds_to_N=3.5)
    figures.add("destroy", notes="nothing is left")
    assert rows(file) == [
        {"what": "a node dies", "requests": 1200, "failed after detection": 0, "seconds to N": 3.5},
        {"what": "destroy", "notes": "nothing is left"},
    ]
    assert markdown(rows(file)).splitlines() == [
        f"| | {' | '.join(COLUMNS)} |",
        "|---|---|---|---|---|---|---|",
        "| a node dies | 1200 |  | 0 |  | 3.5 |  |",
        "| destroy |  |  |  |  |  | nothing is left |",
    ]
