from __future__ import annotations

import io
from collections import Counter

import pytest
from rich.console import Console

from ringmaster.render.band import band
from ringmaster.render.circle import Circle
from ringmaster.render.drawings import Picture, drawing
from ringmaster.render.palette import marks

MARKS = marks(["S1", "S2", "S3", "S4"])
QUARTERS = ["S1"] * 4 + ["S2"] * 4 + ["S3"] * 4 + ["S4"] * 4


def recorded(*pictures: Picture, width: int = 100, has_colour: bool = False, shape: str = "circle") -> str:
    console = Console(width=width, record=True, file=io.StringIO(), color_system="truecolor")
    console.print(drawing(pictures, width, shape=shape, has_colour=has_colour))
    return console.export_text(styles=has_colour)


def test_slots_go_clockwise_from_the_top() -> None:
    circle = Circle(owners=QUARTERS, marks=MARKS, points={}, columns=24)
    lines = circle.drawn(has_colour=False).plain.splitlines()
    assert len(lines) == 12
    right, left = [line[12:] for line in lines], [line[:12] for line in lines]
    assert Counter("".join(right[:6])).keys() == {" ", "A"}
    assert Counter("".join(right[6:])).keys() == {" ", "B"}
    assert Counter("".join(left[6:])).keys() == {" ", "C"}
    assert Counter("".join(left[:6])).keys() == {" ", "D"}


def test_a_share_is_as_large_an_arc() -> None:
    owners = ["S1"] * 3 + ["S2"]
    drawn = Counter(Circle(owners=owners, marks=MARKS, points={}, columns=56).drawn(has_colour=False).plain)
    assert drawn["A"] / (drawn["A"] + drawn["B"]) == pytest.approx(0.75, abs=0.02)


def test_the_middle_tells_what_it_is_where_there_is_room() -> None:
    for middle, is_there in ((("table", "16 slots"), True), (("x" * 40,), False)):
        drawn = Circle(owners=QUARTERS, marks=MARKS, points={}, columns=24, middle=middle).drawn(has_colour=False).plain
        assert (middle[0] in drawn) == is_there


def test_virtual_servers_are_outside_the_ring() -> None:
    points = {"S1": [0.0], "S3": [0.5]}
    lines = Circle(owners=QUARTERS, marks=MARKS, points=points, columns=24).drawn(has_colour=False).plain.splitlines()
    assert lines[0].strip() == "a"
    assert lines[-1].strip() == "c"


def test_colours_tell_what_letters_tell() -> None:
    circle = Circle(owners=QUARTERS, marks=MARKS, points={}, columns=24).drawn(has_colour=True)
    assert set(circle.plain) <= set("▀▄ \n")
    styles = {str(span.style) for span in circle.spans}
    assert all(any(mark.colour in style for style in styles) for mark in MARKS.values())


def test_where_colours_repeat_letters_tell_as_well() -> None:
    names = [f"S{number}" for number in range(9)]
    for drawn in (
        Circle(owners=names, marks=marks(names), points={"S1": [0.0]}, columns=40).drawn(has_colour=True),
        band(names, marks(names), 40, has_colour=True),
    ):
        assert set("ABCDEFGHI") <= set(drawn.plain)
        assert len({str(span.style) for span in drawn.spans}) >= 8


def test_a_band_shows_stretches_where_there_are_more_slots_than_room() -> None:
    owners = ["S1"] * 40_000 + ["S2"] * 25_536
    lines = band(owners, MARKS, 64, has_colour=False).plain.splitlines()
    assert (len(lines), len(lines[0])) == (16, 64)
    counted = Counter("".join(lines))
    assert counted["A"] / counted.total() == pytest.approx(40_000 / 65_536, abs=0.01)


def test_64_servers_have_64_letters() -> None:
    names = [f"S{number}" for number in range(64)]
    found = marks(names)
    assert len({mark.letter for mark in found.values()}) == 64
    assert len({(mark.letter, mark.colour) for mark in found.values()}) == 64


def picture(title: str) -> Picture:
    servers = [{"hostname": name, "slots": 4, "share": 0.25} for name in MARKS]
    return Picture(title=title, profile={"strategy": "table", "slots": 16}, servers=servers, owners=QUARTERS)


def test_two_rings_are_side_by_side_where_there_is_room() -> None:
    wide, narrow = (recorded(picture("now"), picture("then"), width=width).splitlines() for width in (100, 60))
    assert "now" in wide[0]
    assert "then" in wide[0]
    assert "then" not in narrow[0]
    assert any("then" in line for line in narrow)


def test_a_very_narrow_terminal_gets_a_band() -> None:
    assert "AAAABBBBCCCCDDDD" in recorded(picture("now"), width=20)


def test_states_are_told_in_the_legend() -> None:
    servers = [{"hostname": "S1", "slots": 16, "share": 0.0, "state": "down"}]
    shown = recorded(Picture(title="now", profile={}, servers=servers, owners=["S1"] * 16))
    assert "down" in shown
