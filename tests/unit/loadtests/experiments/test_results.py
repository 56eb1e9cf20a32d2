"""What an experiment writes is what the report reads, and what its tables say."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from loadtests.experiments.catalogue import EXPERIMENTS, figures
from loadtests.experiments.results import Result, clear, draw, read, write, write_tables
from tests.unit.loadtests.experiments.some_results import result, run, timeline

PAIRS = [run(strategy=strategy, request_hash=name) for strategy in ("table", "course") for name in ("crc32", "md5")]
RESULTS = [
    result("a-1", run()),
    result("a-2", run((60, 40)), run(), run((1, 2, 3, 4))),
    result("a-3", line=timeline()),
    result("a-4", *PAIRS),
]
each_result = pytest.mark.parametrize("example", RESULTS, ids=lambda example: example.experiment)


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_there_is_an_example_of_every_experiment() -> None:
    assert [example.experiment for example in RESULTS] == list(EXPERIMENTS)


@each_result
def test_what_was_written_is_read_again(example: Result, tmp_path: Path) -> None:
    write(tmp_path / "new", example)
    assert read(tmp_path / "new") == example
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["result.json"]


@each_result
def test_every_plot_is_drawn_as_png_and_svg(example: Result, tmp_path: Path) -> None:
    drawn = figures(example)
    draw(tmp_path, drawn)
    assert drawn
    assert {path.name for path in tmp_path.iterdir()} == {f"{name}.{kind}" for name in drawn for kind in ("png", "svg")}


def test_nothing_of_an_earlier_run_stays(tmp_path: Path) -> None:
    write(tmp_path, RESULTS[0])
    write_tables(tmp_path, RESULTS[0])
    draw(tmp_path, figures(RESULTS[0]))
    clear(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["result.json"]


def test_nothing_measured_is_nothing_drawn() -> None:
    assert figures(result("a-1", status="failed", reason="no engine")) == {}


def test_the_tables_of_a_run(tmp_path: Path) -> None:
    write_tables(tmp_path, result("a-1", run((50, 30, 20))))
    (balance,) = table(tmp_path / "balance.csv")
    assert (balance["N"], balance["requests"], balance["mean"], balance["max"]) == ("3", "100", "33.3", "50")
    assert (balance["max_over_mean"], balance["requests_per_second"]) == ("1.5000", "200")
    servers = table(tmp_path / "servers.csv")
    assert [(row["server"], row["requests"], row["share"]) for row in servers] == [
        ("S1", "50", "0.5000"),
        ("S2", "30", "0.3000"),
        ("S3", "20", "0.2000"),
    ]


def test_the_tables_of_a_time_line(tmp_path: Path) -> None:
    write_tables(tmp_path, result("a-3", line=timeline()))
    assert [row["status"] for row in table(tmp_path / "endpoints.csv")] == ["200", "500"]
    assert table(tmp_path / "faults.csv")[0]["replacement"] == "kx3"
    assert table(tmp_path / "seconds.csv")[0] == {"at": "0.0", "answers": "190", "failures": "0"}
    assert [row["server"] for row in table(tmp_path / "membership.csv")] == ["S1", "S2", "S3"]
