"""What each server is to get: the sum of its slots' probabilities, and what a change of the ring moves."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from balancer.core.fleet import Fleet
from balancer.core.prediction import expectations, least_move, moved_share, shares
from balancer.core.request_hash import REQUEST_HASHES, slot_shares
from balancer.core.ring_profile import RingProfile
from balancer.core.slot_table import Member, SlotTable
from balancer.core.strategies import Course, Table

CRC32, COURSE = REQUEST_HASHES["crc32"], REQUEST_HASHES["course"]


def on_a_ring(*owners: int, request_hash: str = "crc32") -> Fleet:
    """A fleet whose slots have these owners."""
    profile = RingProfile(strategy=Table(slots=len(owners)), request_hash=REQUEST_HASHES[request_hash])
    return replace(Fleet.empty(profile), table=SlotTable(owners))


@given(st.lists(st.integers(0, 4), min_size=8, max_size=8))
def test_a_share_is_the_sum_of_its_slots_and_all_together_are_one(owners: list[int]) -> None:
    parts = shares(SlotTable(tuple(owners)), CRC32)
    assert sum(parts.values()) == pytest.approx(1, abs=1e-12)
    assert parts == {
        owner: pytest.approx(sum(slot_shares(CRC32, 8)[slot] for slot in range(8) if owners[slot] == owner))
        for owner in set(owners)
    }


def test_of_three_servers_on_the_course_ring_one_gets_nearly_all() -> None:
    fleet = Fleet.first(["S1", "S2", "S3"], RingProfile(strategy=Course(), request_hash=COURSE))
    fleet = fleet.fill({name: f"{name}:5000" for name in ("S1", "S2", "S3")})
    seen = {item.server.hostname: (item.slots, round(item.share, 3)) for item in expectations(fleet, fleet.table)}
    assert seen == {"S1": (457, 0.844), "S2": (22, 0.047), "S3": (33, 0.109)}


def test_a_server_that_owns_nothing_is_to_get_nothing() -> None:
    fleet = on_a_ring(*[0] * 8).begin_join(["S1"])
    assert [(item.server.hostname, item.slots, item.share) for item in expectations(fleet, fleet.table)] == [
        ("S1", 0, 0)
    ]


@given(*[st.lists(st.integers(1, 3), min_size=8, max_size=8)] * 2)
def test_where_only_slots_move_their_keys_do(before: list[int], after: list[int]) -> None:
    moved = [share for share, *owners in zip(slot_shares(CRC32, 8), before, after, strict=True) if len(set(owners)) > 1]
    assert moved_share(on_a_ring(*before), on_a_ring(*after)) == pytest.approx(sum(moved), abs=1e-12)


def test_a_ring_of_more_slots_with_the_same_owners_moves_no_key() -> None:
    """crc32 mod 16 is crc32 mod 8, or that and 8."""
    owners = (1, 2, 3, 1, 2, 3, 1, 2)
    assert moved_share(on_a_ring(*owners), on_a_ring(*owners, *owners)) == 0


def test_another_request_hash_moves_what_has_another_server_by_chance() -> None:
    before, after = on_a_ring(1, 2), on_a_ring(1, 2, request_hash="md5")
    assert moved_share(before, after) == pytest.approx(1 / 2, abs=0.01)


@pytest.mark.parametrize(
    ("before", "after", "least"),
    [
        ({1: 1, 2: 1, 3: 1}, {1: 1, 2: 1, 3: 1}, 0),
        ({1: 1, 2: 1, 3: 1}, {1: 2, 2: 2, 3: 2}, 0),
        ({1: 1, 2: 1, 3: 1}, {1: 1, 2: 1, 3: 1, 4: 1}, 1 / 4),
        ({1: 1, 2: 1, 3: 1}, {1: 1, 2: 1}, 1 / 3),
        ({1: 1, 2: 1, 3: 1}, {1: 1, 2: 1, 4: 1}, 1 / 3),
        ({1: 1, 2: 1}, {1: 3, 2: 1}, 1 / 4),
        ({1: 1, 2: 1}, {1: 1, 2: 0}, 1 / 2),
        ({1: 1, 2: 1}, {3: 1}, 1),
        ({}, {1: 1}, 1),
        ({1: 1}, {}, 1),
        ({}, {}, 0),
    ],
)
def test_the_least_move_is_what_the_gainers_gain(before: dict[int, int], after: dict[int, int], least: float) -> None:
    members = [[Member(ring_id, weight) for ring_id, weight in side.items()] for side in (before, after)]
    assert least_move(*members) == pytest.approx(least)
