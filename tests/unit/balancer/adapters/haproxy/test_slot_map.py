"""slots.map, as text."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from balancer.adapters.haproxy import slot_map
from balancer.adapters.haproxy.slot_map import SHARE_UNIT, SHORT_WALK, WALK, edits, lines, walks
from balancer.core import bounded_load
from balancer.core.routes import Backend

SLOTS = ("S1", "S3", "S1", "")
SERVERS = (Backend("S1", "10.0.0.1:5000"), Backend("S3", "10.0.0.3:5000", weight=3))

slot_tables = st.lists(st.sampled_from([f"S{number}" for number in range(1, 16)]), min_size=1, max_size=40).map(tuple)
bounds = st.fractions(min_value=Fraction(101, 100), max_value=1000, max_denominator=100)


def test_a_slot_has_its_walk_and_one_that_nobody_owns_is_absent() -> None:
    one, three = "S1:S3" + ":S1" * (SHORT_WALK - 2), "S3:S1" + ":S3" * (SHORT_WALK - 2)
    assert lines("abc", SLOTS, SERVERS, None) == ["digest abc", f"0 {one}", f"1 {three}", f"2 {one}"]


def test_with_bounded_load_a_slot_has_a_long_walk_and_a_server_its_share() -> None:
    found = lines("abc", SLOTS, SERVERS, Fraction(5, 4))
    assert found[:3] == ["digest abc", "share/S1 312500000", "share/S3 937500000"]
    one, three = ("S1:S3" + ":S1" * (WALK - 2)), ("S3:S1" + ":S3" * (WALK - 2))
    assert found[3:] == [f"0 {one}", f"1 {three}", f"2 {one}"]


@pytest.mark.parametrize("bound", [None, Fraction(5, 4)])
def test_an_empty_ring_has_nothing_but_its_digest(bound: Fraction | None) -> None:
    assert lines("abc", ("",) * 8, (), bound) == ["digest abc"]


@given(slot_tables, st.sampled_from([SHORT_WALK, WALK]))
@example(tuple(f"S{number}" for number in range(1, 16)), WALK)
@example(tuple(f"S{number}" for number in range(1, WALK + 1)), WALK)
@example(tuple(f"S{number}" for number in range(1, WALK)), WALK)
def test_a_walk_is_the_next_different_servers_clockwise(slots: tuple[str, ...], length: int) -> None:
    for slot, walk in enumerate(walks(slots, length)):
        names = walk.split(":")
        clockwise = list(dict.fromkeys(slots[slot:] + slots[:slot]))[:length]
        assert len(names) == length
        assert names[: len(clockwise)] == clockwise
        assert set(names[len(clockwise) :]) <= {clockwise[0]}


names = [f"S{number}" for number in range(1, 16)]


@given(
    st.lists(st.sampled_from(names), min_size=16, max_size=80).map(tuple),
    st.lists(st.dictionaries(st.integers(0, 79), st.sampled_from(names), max_size=6), min_size=1, max_size=4),
    st.sampled_from([SHORT_WALK, WALK]),
)
@example(tuple(names) * 5, [{0: "S9"}, {74: "S1", 0: "S2"}], SHORT_WALK)
@example(tuple(names) * 5, [dict.fromkeys(range(0, 75, 15), "S2")], WALK)
def test_walks_that_are_made_of_the_walks_before_are_the_same(
    slots: tuple[str, ...], changes: list[dict[int, str]], length: int
) -> None:
    bound = None if length == SHORT_WALK else Fraction(2)
    for change in ({}, *changes):
        slots = tuple(change.get(slot, name) for slot, name in enumerate(slots))
        told = [line for line in lines("abc", slots, SERVERS, bound) if line[0].isdigit()]
        assert told == [f"{slot} {walk}" for slot, walk in enumerate(walks(slots, length))]


def test_where_few_slots_change_few_walks_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    slots = tuple(names) * 20
    lines("abc", slots, SERVERS, None)
    monkeypatch.setattr(slot_map, "walks", None)
    assert lines("abc", ("S9", *slots[1:]), SERVERS, None)[1].startswith("0 S9:S2:")


@given(
    weights=st.lists(st.integers(1, 1000), min_size=1, max_size=20),
    bound=bounds,
    in_flight=st.integers(0, 10_000),
    load=st.integers(0, 10_000),
)
def test_a_share_says_of_the_same_loads_that_they_are_full_as_the_cap_does(
    weights: list[int], bound: Fraction, in_flight: int, load: int
) -> None:
    """Only a load less than a thousandth of a request below its cap can differ."""
    servers = tuple(Backend(f"S{number}", "", weight=weight) for number, weight in enumerate(weights))
    share = int(lines("", (), servers, bound)[1].split()[1])
    total = in_flight + 1
    exact = bound * weights[0] * total / sum(weights)
    cap = bounded_load.cap(bound, weight=weights[0], total_weight=sum(weights), in_flight=in_flight)
    is_full = load * SHARE_UNIT >= share * total
    assert is_full >= (load >= cap)
    assert is_full == (load >= cap) or 0 < exact - load < Fraction(1, 1000)


def test_the_edits_of_a_map_add_before_they_name_and_take_away_after() -> None:
    before = ["digest a", "h2c/S1 1", "0 S1", "1 S1", "2 S1"]
    after = ["digest b", "h2c/S2 1", "0 S2", "1 S1", "2 S1"]
    assert edits(before, after) == [
        ("add", "h2c/S2 1"),
        ("set", "0 S2"),
        ("del", "h2c/S1"),
        ("set", "digest b"),
    ]


def test_a_map_that_is_the_same_has_no_edits() -> None:
    assert edits(["digest a", "0 S1"], ["digest a", "0 S1"]) == []
