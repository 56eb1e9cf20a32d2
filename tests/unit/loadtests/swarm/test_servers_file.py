"""The document of a run: sums that hold, and every second of it."""

from __future__ import annotations

import json
from pathlib import Path

from loadtests.swarm import servers_file
from loadtests.swarm.tally import Tally
from tests.unit.loadtests.swarm.some_counts import some_counts


def document() -> dict[str, object]:
    tally = Tally()
    tally.merge({"statuses": {200: 5, 503: 1}, "seconds": {1001: {"S2": 3, "S1": 1}, 1004: {"S1": 1}}})
    counts = some_counts(
        requests=7,
        failures=2,
        failures_at={1003: 1, 1006: 1},
        errors={"GET /home: 503": 1, "GET /home: ConnectionRefusedError": 1},
    )
    return servers_file.document(tally, counts, started=1000.5, ended=1006.25, version="2.47.0")


def test_totals() -> None:
    assert {key: value for key, value in document().items() if key != "seconds"} == {
        "requests": 7,
        "failures": 2,
        "statuses": {"200": 5, "503": 1},
        "errors": {"GET /home: 503": 1, "GET /home: ConnectionRefusedError": 1},
        "servers": {"S1": 2, "S2": 3},
        "started": 1000.5,
        "ended": 1006.25,
        "latency_ms": {"p50": 2, "p95": 5, "p99": 9, "max": 12.5},
        "locust": "2.47.0",
    }


def test_every_second_of_the_run_is_there_even_if_nothing_happened_in_it() -> None:
    assert document()["seconds"] == [
        {"at": 1000, "servers": {}, "failures": 0},
        {"at": 1001, "servers": {"S2": 3, "S1": 1}, "failures": 0},
        {"at": 1002, "servers": {}, "failures": 0},
        {"at": 1003, "servers": {}, "failures": 1},
        {"at": 1004, "servers": {"S1": 1}, "failures": 0},
        {"at": 1005, "servers": {}, "failures": 0},
        {"at": 1006, "servers": {}, "failures": 1},
    ]


def test_it_replaces_the_file_and_leaves_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "servers.json"
    path.write_text("old")
    servers_file.write(path, document())
    assert json.loads(path.read_text())["requests"] == 7
    assert [file.name for file in tmp_path.iterdir()] == ["servers.json"]
