"""What an experiment writes is what the report reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loadtests.experiments.catalogue import EXPERIMENTS
from loadtests.experiments.plots import figures
from loadtests.experiments.results import Result, lines, read, write
from tests.unit.loadtests.experiments.some_results import result, run, timeline

PAIRS = [run(strategy=strategy, request_hash=name) for strategy in ("table", "course") for name in ("crc32", "md5")]
RESULTS = [
    result("a-1", run()),
    result("a-2", run((60, 40)), run(), run((1, 2, 3, 4))),
    result("a-3", line=timeline()),
    result("a-4", *PAIRS),
]
each_result = pytest.mark.parametrize("example", RESULTS, ids=lambda example: example.experiment)


def test_there_is_an_example_of_every_experiment() -> None:
    assert [example.experiment for example in RESULTS] == list(EXPERIMENTS)


@each_result
def test_what_was_written_is_read_again(example: Result, tmp_path: Path) -> None:
    write(tmp_path / "new", example, {})
    assert read(tmp_path / "new") == example
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["result.json"]


@each_result
def test_every_plot_is_drawn_as_png_and_svg_and_none_of_an_earlier_run_stays(example: Result, tmp_path: Path) -> None:
    (tmp_path / "old.png").touch()
    (tmp_path / "old.svg").touch()
    drawn = figures(example)
    write(tmp_path, example, drawn)
    assert drawn
    plots = {f"{name}.{kind}" for name in drawn for kind in ("png", "svg")}
    assert {path.name for path in tmp_path.iterdir()} == {"result.json", *plots}


def test_nothing_measured_is_nothing_drawn() -> None:
    assert figures(result("a-1", status="failed", reason="no engine")) == {}


def test_a_time_line_that_ended_at_once_is_drawn() -> None:
    assert set(figures(result("a-3", line=timeline(seconds=(), faults=())))) == {"timeline"}


def test_json_has_a_line_for_each_key_and_each_row() -> None:
    document = {"a": {"b": [1, 2], "c": []}, "rows": [{"x": 1, "y": {"z": [2]}}, {"x": 3}], "e": {}}
    assert json.loads(lines(document)) == document
    assert lines(document).splitlines() == [
        "{",
        ' "a": {',
        '  "b": [1, 2],',
        '  "c": []',
        " },",
        ' "rows": [',
        '  {"x": 1, "y": {"z": [2]}},',
        '  {"x": 3}',
        " ],",
        ' "e": {}',
        "}",
    ]
