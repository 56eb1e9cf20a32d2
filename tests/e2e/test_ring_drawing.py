"""The ring's drawing in Chromium: what it shows where, and what pointer and keyboard find."""

from __future__ import annotations

import math
from collections.abc import Iterator

import pytest
from selenium.webdriver.common.keys import Keys

from tests.browser import flaws
from tests.e2e.drawing_stage import ANSWERING, FILLS, MOVED, OWNERS, SIDE, THEN, WAY, Stage, stage

pytestmark = pytest.mark.chromium

LOPSIDED = ["S1"] * 40 + ["S2"] * 8 + ["S3"] * 16
"""A small ring of 64 slots."""


@pytest.fixture(scope="module")
def shared() -> Iterator[Stage]:
    with stage() as stage_:
        yield stage_


@pytest.fixture
def drawing(shared: Stage) -> Stage:
    """A new drawing on a page that is used again."""
    shared.page.refresh()
    return Stage(shared.page)


def place(slot: int, slots: int = 64) -> float:
    """The middle of a slot as a part of the circle."""
    return (slot + 0.5) / slots


def test_every_slot_has_its_owners_colour(drawing: Stage) -> None:
    owners = [f"S{1 + slot * 5 % 8}" for slot in range(64)]
    drawing.show(owners)
    shown = [drawing.colour(place(slot), OWNERS) for slot in range(64)]
    assert shown == [FILLS[int(owner[1:]) - 1] for owner in owners]
    assert flaws(drawing.page) == []


def test_the_pointer_finds_every_slot(drawing: Stage) -> None:
    drawing.show(LOPSIDED)
    for slot in range(0, 64, 7):
        turn = 2 * math.pi * (place(slot) - 0.25)
        drawing.hover(OWNERS * SIDE / 2 * math.cos(turn), OWNERS * SIDE / 2 * math.sin(turn))
        assert drawing.page.execute_script("return seen.slots.at(-1)") == slot
        walk = [{"slot": slot, "hostname": LOPSIDED[slot], "state": "serving"}]
        assert drawing.page.execute_script("return seen.walks.at(-1)") == walk
    drawing.hover(0, 0)
    assert drawing.page.execute_script("return [seen.slots.at(-1), seen.walks.at(-1)]") == [None, []]


def test_the_keyboard_goes_through_the_slots(drawing: Stage) -> None:
    drawing.show(LOPSIDED)
    drawing.press(Keys.TAB)
    assert drawing.page.execute_script("return document.activeElement.id") == "ring"
    assert drawing.spoken == "slot 0: S1 serving"
    pressed = [Keys.RIGHT, Keys.UP, Keys.LEFT, Keys.END, Keys.RIGHT, Keys.LEFT, Keys.HOME]
    assert [found(drawing, key) for key in pressed] == [1, 2, 1, 63, 0, 63, 0]
    servers = [Keys.PAGE_DOWN, Keys.PAGE_DOWN, Keys.PAGE_DOWN, Keys.PAGE_UP, Keys.PAGE_UP]
    assert [found(drawing, key) for key in servers] == [40, 48, 0, 48, 40]
    assert drawing.spoken == "slot 40: S2 serving"
    drawing.press(Keys.TAB)
    assert drawing.page.execute_script("return seen.slots.at(-1)") is None


def found(drawing: Stage, key: str) -> int:
    """The slot after this key."""
    drawing.press(key)
    slot: int = drawing.page.execute_script("return seen.slots.at(-1)")
    return slot


def test_the_slots_of_a_silent_server_are_hatched_and_show_who_answers(drawing: Stage) -> None:
    answering = ["S3" if owner == "S2" else owner for owner in LOPSIDED]
    drawing.show(LOPSIDED, answering=answering, states={"S2": "silent"}, points={"S2": [place(47)]})
    assert {drawing.colour(place(slot), OWNERS) for slot in range(40, 48)}.isdisjoint(FILLS)
    assert {drawing.colour(place(slot), ANSWERING) for slot in range(40, 48)} == {FILLS[2]}
    assert {drawing.colour(place(slot), ANSWERING) for slot in (*range(40), *range(48, 64))} == {""}
    assert drawing.colour(place(47), 0.98) == FILLS[1]
    drawing.run("ring.focusSlot(44)")
    assert drawing.spoken == "slot 44: S2 silent, then S3 serving"
    assert drawing.page.execute_script("return seen.walks.at(-1).map((stop) => stop.slot)") == [44, 48]
    assert drawing.colour(place(46), WAY) == "#000000"
    assert drawing.colour(place(43), WAY) == ""


def test_a_keys_way_is_shown_until_it_is_taken_away(drawing: Stage) -> None:
    drawing.show(LOPSIDED, states={"S1": "down"})
    walk = [{"slot": 30, "hostname": "S1", "state": "down"}, {"slot": 40, "hostname": "S2", "state": "serving"}]
    drawing.run("ring.highlight({slot: 30, walk: given[0]})", walk)
    assert drawing.colour(place(35), WAY) == "#000000"
    assert drawing.colour(place(10), WAY) == ""
    drawing.run("ring.highlight(null)")
    assert drawing.colour(place(35), WAY) == ""


def test_another_ring_is_inside_and_what_moves_is_marked(drawing: Stage) -> None:
    """It has twice as many slots."""
    then = ["S1"] * 80 + ["S4"] * 16 + ["S3"] * 32
    drawing.show(LOPSIDED, states={"S4": "serving"})
    drawing.run("ring.compare({owners: given[0]})", then)
    assert [drawing.colour(place(slot, 128), THEN) for slot in (10, 90, 120)] == [FILLS[0], FILLS[3], FILLS[2]]
    assert [drawing.colour(place(slot, 128), MOVED) for slot in (10, 90, 120)] == ["", "#000000", ""]
    drawing.run("ring.compare(null)")
    assert {drawing.colour(place(slot, 128), THEN) for slot in (10, 90, 120)} == {""}


def test_it_follows_the_readers_scheme_and_the_canvas_width(drawing: Stage) -> None:
    drawing.show(LOPSIDED)
    drawing.run("ring.focusSlot(5)")
    assert drawing.colour(place(5), 0.949) == "#000000"
    dark = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
    drawing.page.execute_cdp_cmd("Emulation.setEmulatedMedia", dark)  # type: ignore[attr-defined]
    drawing.run("")
    assert drawing.colour(place(5), 0.949) == "#ffffff"
    drawing.page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})  # type: ignore[attr-defined]
    drawing.run("ring.canvas.style.width = '300px'")
    assert drawing.run("return [ring.canvas.width, ring.canvas.height]") == [300, 300]
    assert drawing.colour(place(50), OWNERS) == FILLS[2]


def test_a_large_ring_of_many_servers_is_drawn_and_pointed_at(drawing: Stage) -> None:
    """Of 65 536 slots 1024 in a row are a server's, so that a pixel has one owner."""
    slots, names = 65_536, [f"S{number}" for number in range(1, 65)]
    owners = [names[slot // 1024] for slot in range(slots)]
    points = {name: [(at * number / 10_007) % 1 for at in range(160)] for number, name in enumerate(names)}
    drawing.show(owners, points=points)
    fills = [drawing.colour((block + 0.5) / 64, OWNERS) for block in range(8)]
    assert fills == FILLS
    script = """
        for (let turn = 0; turn < 120; turn++) {
            ring.focusSlot(turn * 546);
            await new Promise(requestAnimationFrame);
        }
        return seen.slots;
    """
    assert drawing.run(script) == [turn * 546 for turn in range(120)]
    assert [drawing.colour((block + 0.5) / 64, OWNERS) for block in range(8)] == FILLS
    assert drawing.spoken == "slot 64974: S64 serving"
    assert flaws(drawing.page) == []


def test_an_empty_ring_is_drawn_and_a_drawing_can_be_ended(drawing: Stage) -> None:
    drawing.show([])
    drawing.press(Keys.TAB, Keys.RIGHT, Keys.PAGE_DOWN)
    drawing.show([""] * 64)
    drawing.press(Keys.RIGHT)
    assert drawing.spoken == "slot 1: nobody's"
    assert drawing.page.execute_script("return seen.walks.at(-1)") == []
    drawing.run("ring.destroy()")
    drawing.press(Keys.RIGHT)
    assert drawing.page.execute_script("return seen.slots.at(-1)") == 1
    assert flaws(drawing.page) == []


def test_geometry(drawing: Stage) -> None:
    def call(function: str, *given: object) -> object:
        return drawing.page.execute_script(f"return geometry.{function}(...arguments)", *given)

    assert call("runs", ["a", "a", "", "b"]) == [
        {"value": "a", "from": 0, "to": 0.5},
        {"value": "b", "from": 0.75, "to": 1},
    ]
    assert call("runs", ["a", "b"] * 50, 4) == [
        {"value": "a", "from": 0, "to": 0.25},
        {"value": "b", "from": 0.25, "to": 0.5},
        {"value": "a", "from": 0.5, "to": 0.75},
        {"value": "b", "from": 0.75, "to": 1},
    ]
    assert call("runs", []) == []
    assert call("moved", ["a", "b"], ["a", "c", "b", "b"]) == [False, True, False, False]
    points = [(100, 5), (195, 100), (100, 195), (5, 100), (100, 100), (0, 0)]
    assert [call("slotAt", x, y, 200, 4) for x, y in points] == [0, 1, 2, 3, None, None]
    assert call("slotAt", 100, 5, 200, 0) is None
    rows = drawing.page.execute_script(
        "return sharesTable(['a', 'a', 'b', 'a'], [{hostname: 'a', state: 'down'}, {hostname: 'b', state: 'serving'}],"
        "['b', 'b', 'b', 'b'])"
    )
    assert rows == [
        {"hostname": "a", "state": "down", "slots": 3, "share": 0.75, "answers": 0},
        {"hostname": "b", "state": "serving", "slots": 1, "share": 0.25, "answers": 4},
    ]


def test_sixty_four_servers_look_different_and_keep_their_looks(drawing: Stage) -> None:
    looks = drawing.page.execute_script(
        "const names = Array.from({length: 64}, (_, at) => `S${at}`);"
        "const first = palette(names); const then = palette([...names.slice(1), 'new'], first);"
        "const told = (paints) => Array.from(paints, ([name, {fill, pattern}]) => [name, `${fill} ${pattern}`]);"
        "return [told(first), told(then)]"
    )
    first, then = (dict(pairs) for pairs in looks)
    assert len(set(first.values())) == 64
    assert [first[f"S{at}"] for at in range(8)] == [f"{fill} plain" for fill in FILLS]
    assert then.pop("new") == first.pop("S0")
    assert then == first
