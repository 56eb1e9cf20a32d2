from __future__ import annotations

import json

from tests.unit.ringmaster import documents
from tests.unit.ringmaster.conftest import Run
from tests.unit.ringmaster.control_port import ControlPort


def test_in_a_pipe_the_circle_is_of_letters_with_a_legend(run: Run) -> None:
    result = run("ring", "draw")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert "table" in result.stdout
    assert "512 slots" in result.stdout
    assert "\x1b" not in result.stdout
    assert set("".join(lines[2:8])) == set("ABC ")
    assert [line.split()[:5] for line in lines if "%" in line] == [
        ["A", "S1", "171", "slots", "33.4%"],
        ["B", "S2", "170", "slots", "33.3%"],
        ["C", "S3", "171", "slots", "33.3%"],
    ]


def test_with_colours_it_is_of_half_blocks(run: Run) -> None:
    result = run("ring", "draw", FORCE_COLOR="1")
    assert "▀" in result.stdout
    assert "\x1b[" in result.stdout
    assert "\x1b[" not in run("ring", "draw", NO_COLOR="1").stdout


def test_no_line_is_wider_than_the_terminal(run: Run, port: ControlPort) -> None:
    port.own["POST", "/ring/preview"] = 200, documents.previewed(strategy="course")
    for columns in (30, 60, 80, 200):
        for words in (
            ["ring", "draw"],
            ["ring", "draw", "--shape", "band"],
            ["ring", "draw", "--what-if", "strategy=course"],
        ):
            lines = run(*words, COLUMNS=str(columns)).stdout.splitlines()
            assert max(map(len, lines)) <= columns, words


def test_virtual_servers_stand_around_it_where_the_balancer_tells_them(run: Run, port: ControlPort) -> None:
    port.own["GET", "/ring/points"] = 200, {"version": 2, "points": {"S1": [0.0], "S2": [0.5], "S3": [0.25]}}
    lines = run("ring", "draw").stdout.splitlines()
    assert lines[2].strip() == "a"
    assert lines[16][55] == "c"


def test_another_ring_is_drawn_beside_in_the_same_colours(run: Run, port: ControlPort) -> None:
    port.own["POST", "/ring/preview"] = 200, documents.previewed(strategy="course")
    result = run("ring", "draw", "--what-if", "strategy=course", COLUMNS="120")
    assert result.exit_code == 0, result.stderr
    assert port.changes() == [
        ("POST", "/ring/preview", {"slots": True, "profile": {"key": "random", "bound": None, "strategy": "course"}})
    ]
    head, *lines = result.stdout.splitlines()
    assert head.startswith("now  table")
    assert "then  course" in head
    legend = [line.split() for line in lines if line.count("%") == 2]
    assert [row[:3] for row in legend] == [["A", "S1", "171"], ["B", "S2", "170"], ["C", "S3", "171"]]
    assert [row[row.index("slots", 4) - 3 : row.index("slots", 4)] for row in legend] == [
        ["A", "S1", "457"],
        ["B", "S2", "22"],
        ["C", "S3", "33"],
    ]


def test_a_balancer_without_slots_in_previews_is_told_of(run: Run, port: ControlPort) -> None:
    seen = documents.previewed(strategy="course")
    del seen["now"]["owners"]
    port.own["POST", "/ring/preview"] = 200, seen
    result = run("ring", "draw", "--what-if", "strategy=course")
    assert result.exit_code == 3
    assert "ringmaster ring preview shows the shares" in result.stderr


def test_as_json_it_is_the_slots(run: Run, port: ControlPort) -> None:
    document = json.loads(run("ring", "draw", "--json").stdout)
    assert len(document["owners"]) == 512
    port.own["POST", "/ring/preview"] = 200, {"as": "it came"}
    assert run("ring", "draw", "--what-if", "bound=2", "--json").stdout == '{"as":"it came"}\n'


def test_an_empty_ring_is_drawn_as_nobodys(run: Run) -> None:
    run("rm", "3", "--yes")
    assert "·" in run("ring", "draw").stdout
    assert "·" in run("ring", "draw", "--shape", "band").stdout


def test_a_band_shows_every_slot(run: Run) -> None:
    lines = run("ring", "draw", "--shape", "band", COLUMNS="64").stdout.splitlines()
    drawn = "".join(lines[2:10])
    assert (drawn.count("A"), drawn.count("B"), drawn.count("C")) == (171, 170, 171)
