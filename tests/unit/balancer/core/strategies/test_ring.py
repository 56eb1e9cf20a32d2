"""The hash ring: where virtual servers sit, who is nearest, and that only the changed server's slots move."""

from __future__ import annotations

import hashlib
from fractions import Fraction
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from balancer.core.errors import RingFull
from balancer.core.hashing import DIGESTS
from balancer.core.slot_table import Member, SlotTable
from balancer.core.strategies import Ring
from balancer.core.strategies import ring as ring_module
from tests.unit.balancer.core.strategies.rings import PURE, fresh, members, newcomers, owned

BOTH = {name: PURE[name] for name in ("ring", "ring, on slots")}
both = pytest.mark.parametrize("ring", BOTH.values(), ids=BOTH)

CIRCLE = 2**64
EMPTY = SlotTable.empty(128)


def test_the_usual_numbers_of_virtual_servers() -> None:
    assert (Ring().virtual_servers, Ring(points="slots").virtual_servers) == (160, 9)
    assert Ring(slots=4, points="slots").virtual_servers == 4


@pytest.mark.parametrize("point_hash", ["md5", "sha1", "sha256"])
def test_a_point_is_the_hash_of_id_and_number_mod_2_32(point_hash: str) -> None:
    ring = Ring(point_hash=point_hash, virtual_servers=3)
    digests = [int(hashlib.new(point_hash, f"17:{number}".encode()).hexdigest(), 16) for number in range(3)]
    assert [point / 2**32 for point in ring.virtual_server_points(17)] == [digest % 2**32 for digest in digests]


def test_a_place_is_the_point_over_the_circle() -> None:
    ring = Ring(virtual_servers=3)
    points = sorted(ring.virtual_server_points(17))
    assert ring.places([Member(17, 5)]) == {17: tuple(point / CIRCLE for point in points)}


def test_the_last_point_of_the_circle_is_not_its_first() -> None:
    """As a float 2⁶⁴ - 1 over 2⁶⁴ is 1."""
    assert ring_module._part(CIRCLE - 1) == 1 - 2**-53


@pytest.mark.parametrize("point_hash", ["md5", "sha1", "sha256"])
def test_a_point_on_slots_is_on_the_slot_hash_mod_m(point_hash: str) -> None:
    ring = Ring(point_hash=point_hash, points="slots", virtual_servers=3)
    digests = [int(hashlib.new(point_hash, f"17:{number}".encode()).hexdigest(), 16) for number in range(3)]
    assert [point * 512 // CIRCLE for point in ring.virtual_server_points(17)] == [digest % 512 for digest in digests]


def test_points_of_xxh64_are_golden() -> None:
    assert [point >> 32 for point in Ring(virtual_servers=3).virtual_server_points(1)] == [
        2210783737,
        859116015,
        2399246015,
    ]


def test_no_two_virtual_servers_on_one_slot_are_the_same_point() -> None:
    ring = Ring(slots=16, points="slots", virtual_servers=8)
    points = [point for ring_id in (1, 2) for point in ring.virtual_server_points(ring_id)]
    assert len(set(points)) == 16 > len({point * 16 // CIRCLE for point in points})


@given(
    fleet=members(at_most=5, heaviest=5),
    ring=st.sampled_from(
        [
            Ring(slots=16, virtual_servers=1),
            Ring(slots=16, virtual_servers=4),
            Ring(slots=16, virtual_servers=3, points="slots"),
        ]
    ),
)
def test_a_slot_takes_the_virtual_server_with_the_least_distance_for_its_weight(
    fleet: list[Member], ring: Ring
) -> None:
    """By brute force over all virtual servers, in fractions."""
    owners = [
        min(
            (Fraction((point - slot * CIRCLE // 16) % CIRCLE + 1, member.weight), member.ring_id)
            for member in fleet
            for point in ring.virtual_server_points(member.ring_id)
        )[1]
        for slot in range(16)
    ]
    assert ring.place(fleet, SlotTable.empty(16)).owners == tuple(owners)


@both
@given(fleet=members(), newcomer=st.builds(Member, newcomers, st.integers(1, 9)))
def test_an_addition_moves_slots_only_to_the_newcomer_and_a_removal_only_from_the_victim(
    ring: Ring, fleet: list[Member], newcomer: Member
) -> None:
    """Whatever the weights are, and wherever virtual servers meet on a slot."""
    without, with_it = ring.place(fleet, EMPTY), ring.place([*fleet, newcomer], EMPTY)
    for slot, (was, now) in enumerate(zip(without.owners, with_it.owners, strict=True)):
        assert now in (was, newcomer.ring_id), slot


@both
@given(fleet=members(), more=st.integers(1, 9))
def test_raising_a_weight_moves_slots_only_to_that_server(ring: Ring, fleet: list[Member], more: int) -> None:
    first, *others = fleet
    before = ring.place(fleet, EMPTY)
    after = ring.place([Member(first.ring_id, first.weight + more), *others], EMPTY)
    assert owned(before, first.ring_id) <= owned(after, first.ring_id)
    assert all(now in (was, first.ring_id) for was, now in zip(before.owners, after.owners, strict=True))


def test_shares_follow_the_weights() -> None:
    """The mean over many rings; one ring's shares differ, as its virtual servers lie."""
    ring = Ring(slots=512, virtual_servers=40)
    parts = [
        ring.place([Member(at, 3), Member(at + 1, 2), Member(at + 2, 1)], SlotTable.empty(512)).counts()[at] / 512
        for at in range(1, 300, 3)
    ]
    assert mean(parts) == pytest.approx(3 / 6, abs=0.02)


def test_on_slots_as_many_virtual_servers_fit_as_there_are_slots() -> None:
    ring = Ring(slots=64, points="slots", virtual_servers=16)
    assert ring.capacity == 4
    assert ring.place([Member(ring_id) for ring_id in (1, 2, 3, 4)], SlotTable.empty(64)).counts()
    with pytest.raises(
        RingFull, match="64 slots with 16 virtual servers for each server holds at most 4 servers, not 5"
    ):
        fresh(ring, 5)


def test_with_points_on_the_circle_each_server_needs_one_slot_at_most() -> None:
    assert Ring(slots=64).capacity == 64


def ring_of(points: dict[str, tuple[int, int]], monkeypatch: pytest.MonkeyPatch) -> Ring:
    """Four slots; "<ring id>:0" → its server's slot, and how far behind the slot's beginning its one point is."""
    values = {text.encode(): slot + 4 * behind for text, (slot, behind) in points.items()}
    monkeypatch.setitem(DIGESTS, "exact", values.__getitem__)
    ring_module._points_on_slots.cache_clear()
    return Ring(slots=4, points="slots", point_hash="exact", virtual_servers=1)


def test_a_slot_belongs_to_the_virtual_server_that_sits_exactly_at_its_beginning(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ring = ring_of({"1:0": (1, 0), "2:0": (1, 1)}, monkeypatch)
    assert ring.place([Member(1), Member(2)], SlotTable.empty(4)).owners == (1, 1, 1, 1)


@pytest.mark.parametrize(("near", "far"), [(5, 2), (2, 5)])
def test_of_two_that_are_alike_the_smaller_id_has_the_slot(
    near: int, far: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A distance counts from 1: the one three away of weight 1 is like the one six away of weight 2."""
    ring = ring_of({f"{near}:0": (0, 2), f"{far}:0": (0, 5)}, monkeypatch)
    assert ring.place([Member(near), Member(far, 2)], SlotTable.empty(4)).owners[0] == 2


@pytest.mark.parametrize(("near", "far"), [(5, 2), (2, 5)])
def test_of_two_that_are_alike_from_another_slot_the_smaller_id_has_the_slot(
    near: int, far: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Slot 0 is 2⁶² wide. The one that is twice as far has twice the weight, and is on slot 1."""
    ring = ring_of({f"{near}:0": (0, 2**61), f"{far}:0": (1, 1)}, monkeypatch)
    assert ring.place([Member(near), Member(far, 2)], SlotTable.empty(4)).owners[0] == 2


def test_of_two_at_the_same_point_the_smaller_id_has_the_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    ring = ring_of({"2:0": (0, 2), "5:0": (0, 2)}, monkeypatch)
    assert ring.place([Member(5), Member(2)], SlotTable.empty(4)).owners == (2, 2, 2, 2)
