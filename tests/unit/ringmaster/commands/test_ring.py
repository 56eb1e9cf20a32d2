"""`ring show`, `preview` and `set`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.balancer.in_memory import InMemoryBalancer
from tests.unit.ringmaster.conftest import Run
from tests.unit.ringmaster.control_port import ControlPort


def test_show_has_profile_and_servers(run: Run) -> None:
    head, _, _, *rows = run("ring", "show").stdout.splitlines()
    assert head == "version 2, in step: table (slots=512, request_hash=crc32, key=random)"
    assert [row.split()[0] for row in rows] == ["S1", "S2", "S3"]


def test_show_as_json_is_the_answer_as_it_came(run: Run, port: ControlPort) -> None:
    port.own["GET", "/ring"] = 200, '{"as": "it came"}'
    assert run("ring", "show", "--json").stdout == '{"as": "it came"}\n'


def test_preview_shows_both_rings_and_changes_nothing(run: Run, balancer: InMemoryBalancer) -> None:
    before = balancer.whole_state()
    lines = run("ring", "preview", "--strategy", "course").stdout.splitlines()
    assert lines[0] == "now  table (slots=512, request_hash=crc32, key=random)"
    assert lines[1] == "then course (slots=512, virtual_servers=9, probing=linear, request_hash=course, key=random)"
    assert lines[4].split()[:7] == ["S1", "1", "1", "171", "457", "33.4%", "84.4%"]
    assert lines[-1].startswith("moves ")
    assert balancer.whole_state() == before


@pytest.mark.parametrize(
    ("servers", "asked"),
    [
        ("S1=1,S9=3", {"S1": 1, "S9": 3}),
        ("S1,S9", ["S1", "S9"]),
        ("2", ["S1", "S2"]),
        ("5", ["S1", "S2", "S3", "S4", "S5"]),
    ],
)
def test_preview_takes_servers(run: Run, port: ControlPort, servers: str, asked: object) -> None:
    assert run("ring", "preview", "--servers", servers).exit_code == 0
    assert port.changes() == [("POST", "/ring/preview", {"servers": asked})]


@pytest.mark.parametrize(
    ("servers", "reason"),
    [
        ("S1=1,S2", "give all of them a weight"),
        ("S1=heavy", "the weight of S1 must be an integer"),
        ("S1=1,S1=2", "S1 is given twice"),
    ],
)
def test_servers_that_make_no_sense_are_a_matter_of_usage(run: Run, servers: str, reason: str) -> None:
    result = run("ring", "preview", "--servers", servers)
    assert result.exit_code == 2
    assert reason in result.stderr


def test_preview_shows_the_traffic_where_the_balancer_counts_it(run: Run, port: ControlPort) -> None:
    document = json.loads(run("ring", "preview", "--strategy", "maglev", "--json").stdout)
    seen = {"S1": 0.5, "S2": 0.3, "S3": 0.2}
    document["traffic"] = {"counted": 1234, "is_exact": False, "now": seen, "then": seen, "moved": 0.25}
    port.own["POST", "/ring/preview"] = 200, document
    lines = run("ring", "preview").stdout.splitlines()
    assert lines[4].split()[7:9] == ["50.0%", "50.0%"]
    assert lines[-1] == "traffic moves about 25.0% of the 1234 requests that were counted"


@pytest.mark.parametrize(
    ("words", "sent"),
    [
        (["--strategy", "maglev"], {"key": "path", "bound": None, "strategy": "maglev"}),
        (
            ["--bound", "1.5"],
            {"strategy": "ring", "slots": 1024, "virtual_servers": 20, "points": "2^32", "point_hash": "xxh64"}
            | {"request_hash": "crc32", "key": "path", "bound": 1.5},
        ),
        (
            ["--strategy", "course", "--key", "random", "--bound", "off"],
            {"strategy": "course", "key": "random", "bound": None},
        ),
        (
            ["--strategy", "table", "--set", "slots=64"],
            {"strategy": "table", "slots": 64, "key": "path", "bound": None},
        ),
    ],
)
def test_set_leaves_alone_what_is_not_named(
    run: Run, port: ControlPort, balancer: InMemoryBalancer, words: list[str], sent: dict[str, Any]
) -> None:
    balancer.ring.switch({"strategy": "ring", "slots": 1024, "virtual_servers": 20, "key": "path"})
    result = run("ring", "set", *words)
    assert result.exit_code == 0, result.stderr
    assert port.changes() == [("PUT", "/ring", sent)]
    assert ", in step: " in result.stdout


def test_set_without_anything_says_what_to_write(run: Run, port: ControlPort) -> None:
    result = run("ring", "set")
    assert result.exit_code == 2
    assert "say what to set, such as --strategy maglev" in result.stderr
    assert port.asked == []


def test_what_a_ring_cannot_be_is_refused_with_the_choices(run: Run) -> None:
    result = run("ring", "set", "--strategy", "square")
    assert result.exit_code == 3
    assert "maglev" in result.stderr


@pytest.mark.parametrize("words", [["--bound", "nan"], ["--set", "slots=Infinity"]])
def test_what_is_no_json_is_not_sent(run: Run, port: ControlPort, words: list[str]) -> None:
    result = run("ring", "set", *words)
    assert result.exit_code == 2
    assert "that cannot be sent" in result.stderr
    assert port.changes() == []


def test_a_bound_is_a_number_or_off(run: Run) -> None:
    assert "write a number above 1, or off" in run("ring", "set", "--bound", "much").stderr
