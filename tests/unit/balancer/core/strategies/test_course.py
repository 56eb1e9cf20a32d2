"""The handout's ring: golden values of Φ, probing and bounds."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from balancer.core.errors import RingFull
from balancer.core.strategies import Course
from balancer.core.strategies.course import PROBES, virtual_server_hash
from tests.unit.balancer.core.strategies.rings import COURSE, EMPTY, equal, fresh, ring_ids


@pytest.mark.parametrize(
    ("ring_id", "virtual_server", "value"),
    [(1, 0, 26), (1, 8, 106), (2, 0, 29), (3, 4, 58), (100, 0, 10_025), (100, 8, 10_105)],
)
def test_phi_is_golden(ring_id: int, virtual_server: int, value: int) -> None:
    assert virtual_server_hash(ring_id, virtual_server) == value


def test_the_points_of_the_first_three_servers_are_golden() -> None:
    points = COURSE.points(equal([1, 2, 3]))
    assert {ring_id: sorted(slot for slot in points if points[slot] == ring_id) for ring_id in (1, 2, 3)} == {
        1: [26, 29, 34, 41, 50, 61, 74, 89, 106],
        2: [30, 32, 37, 44, 53, 64, 77, 92, 109],
        3: [35, 38, 42, 49, 58, 69, 82, 97, 114],
    }


def test_a_place_is_the_middle_of_its_slot() -> None:
    places = COURSE.places(equal([1, 2, 3]))
    assert [place * 512 for place in places[1]] == [26.5, 29.5, 34.5, 41.5, 50.5, 61.5, 74.5, 89.5, 106.5]


@given(st.sets(ring_ids, min_size=1, max_size=56))
def test_every_server_sits_on_exactly_k_slots_and_no_slot_is_taken_twice(fleet: set[int]) -> None:
    points = COURSE.points(equal(fleet))
    assert Counter(points.values()) == dict.fromkeys(fleet, 9)


@given(st.sets(ring_ids, min_size=1, max_size=56))
def test_a_slot_belongs_to_the_nearest_virtual_server_clockwise_its_own_included(fleet: set[int]) -> None:
    points = COURSE.points(equal(fleet))
    owners = COURSE.place(equal(fleet), EMPTY).owners
    for slot in range(512):
        nearest = next(step for step in range(512) if (slot + step) % 512 in points)
        assert owners[slot] == points[(slot + nearest) % 512]


def test_the_ring_holds_56_servers_and_refuses_the_57th() -> None:
    assert COURSE.capacity == 56
    assert set(fresh(COURSE, 56).counts()) == set(range(1, 57))
    with pytest.raises(RingFull, match="at most 56 servers"):
        fresh(COURSE, 57)


def seats(probing: str, *, slots: int, place: int) -> list[int]:
    """Where virtual servers sit, one after the other, that all have the same place."""
    free = list(range(slots))
    taken = []
    for _ in range(slots):
        taken.append(PROBES[probing](free, place))
        free[taken[-1]] = (taken[-1] + 1) % slots
    return taken


@pytest.mark.parametrize("probing", PROBES)
@given(place=st.integers(0, 511), exponent=st.integers(1, 9))
def test_probing_comes_to_every_slot(probing: str, place: int, exponent: int) -> None:
    slots = 2**exponent
    assert sorted(seats(probing, slots=slots, place=place % slots)) == list(range(slots))


def test_linear_probing_looks_one_slot_further_each_time_and_triangular_one_more() -> None:
    assert seats("linear", slots=8, place=5) == [5, 6, 7, 0, 1, 2, 3, 4]
    assert seats("triangular", slots=8, place=5) == [5, 6, 0, 3, 7, 4, 2, 1]


@pytest.mark.parametrize(
    ("probing", "slots"),
    [
        ("linear", [43, 45, 51, 56, 65, 76, 90, 104, 121]),
        ("triangular", [45, 47, 52, 56, 65, 76, 90, 104, 121]),
    ],
)
def test_the_points_of_the_fourth_server_depend_on_the_probing(probing: str, slots: list[int]) -> None:
    """Worked out by hand from Φ(4, j) = 41, 44, 49, 56, 65, 76, 89, 104, 121; 41, 44, 49 and 89 are taken."""
    points = Course(probing=probing).points(equal([1, 2, 3, 4]))
    assert sorted(slot for slot in points if points[slot] == 4) == slots


def test_a_full_ring_leaves_no_slot_without_a_point() -> None:
    full = Course(slots=64, virtual_servers=8)
    assert len(full.points(equal(range(1, 9)))) == 64
