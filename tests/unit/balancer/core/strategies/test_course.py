"""The handout's ring: golden values of Φ, its shares and its bounds."""

from __future__ import annotations

from collections import Counter
from itertools import permutations
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from balancer.core.errors import RingFull
from balancer.core.request_hash import REQUEST_HASHES, slot_shares
from balancer.core.slot_table import SlotTable
from balancer.core.strategies import Course
from balancer.core.strategies.course import virtual_server_hash
from tests.unit.balancer.core.strategies.rings import COURSE, EMPTY, equal, fresh, peak_to_mean, ring_ids, shares

H = slot_shares(REQUEST_HASHES["course"], 512)
"""How the handout's request hash spreads requests over the slots."""


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


def test_all_720_join_orders_of_six_servers_give_one_table() -> None:
    digests = set()
    for order in permutations(range(1, 7)):
        table = EMPTY
        for joined in range(1, 7):
            table = COURSE.place(equal(order[:joined]), table)
        digests.add(table.digest())
    assert digests == {"dda75a37c8579c7e"}


@given(st.sets(ring_ids, min_size=1, max_size=20), st.integers(20_000, 30_000))
def test_adding_a_server_and_removing_it_is_the_identity(fleet: set[int], newcomer: int) -> None:
    table = COURSE.place(equal(fleet), EMPTY)
    assert COURSE.place(equal(fleet), COURSE.place(equal(fleet | {newcomer}), table)) == table


@given(st.sets(ring_ids, min_size=1, max_size=20), st.lists(st.integers(0, 3), min_size=512, max_size=512))
def test_the_table_is_a_function_of_the_members_alone(fleet: set[int], history: list[int]) -> None:
    assert COURSE.place(equal(fleet), SlotTable(tuple(history))) == COURSE.place(equal(fleet), EMPTY)


def test_the_ring_holds_56_servers_and_refuses_the_57th() -> None:
    assert COURSE.capacity == 56
    assert set(fresh(COURSE, 56).counts()) == set(range(1, 57))
    with pytest.raises(RingFull, match="at most 56 servers"):
        fresh(COURSE, 57)


def test_a_full_ring_leaves_no_slot_without_a_point() -> None:
    full = Course(slots=64, virtual_servers=8)
    assert len(full.points(equal(range(1, 9)))) == 64


def test_the_shares_of_the_first_three_servers_are_the_published_ones() -> None:
    percent = {ring_id: 100 * part for ring_id, part in shares(fresh(COURSE, 3), H).items()}
    assert percent == pytest.approx({1: 84.375, 2: 4.688, 3: 10.938}, abs=0.001)


def test_the_first_of_six_servers_gets_79_percent() -> None:
    assert round(100 * shares(fresh(COURSE, 6), H)[1], 1) == 78.9


@pytest.mark.parametrize(("count", "figure"), [(3, 2.53), (6, 4.73), (10, 6.56), (32, 2.75)])
def test_the_busiest_server_has_a_multiple_of_the_mean(count: int, figure: float) -> None:
    assert round(peak_to_mean(shares(fresh(COURSE, count), H), servers=count), 2) == figure


def test_one_removal_can_move_84_percent_of_the_requests() -> None:
    before = fresh(COURSE, 3)
    after = COURSE.place(equal([2, 3]), before)
    moved = sum(part for part, was, now in zip(H, before.owners, after.owners, strict=True) if was != now)
    assert round(100 * moved) == 84


@pytest.mark.parametrize(("count", "figure"), [(3, 1.80), (6, 3.98), (10, 5.96)])
def test_while_one_server_is_down_the_others_share_its_load_badly(count: int, figure: float) -> None:
    """Mean over which server is down, for the ring ids 1 … count."""
    table = fresh(COURSE, count)
    everyone = frozenset(range(1, count + 1))
    peaks = [peak_to_mean(shares(table.among(everyone - {down}), H), servers=count - 1) for down in sorted(everyone)]
    assert round(mean(peaks), 2) == figure


@pytest.mark.parametrize(
    ("count", "digest"),
    [(1, "1033bf001ebac084"), (3, "946593b2b2a3b71a"), (6, "dda75a37c8579c7e"), (10, "9981745002c8b39b")],
)
def test_tables_are_golden(count: int, digest: str) -> None:
    assert fresh(COURSE, count).digest() == digest
