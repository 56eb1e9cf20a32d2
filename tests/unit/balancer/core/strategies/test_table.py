"""The balanced slot table: quotas, the fewest moves, golden scores."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from itertools import product
from math import ceil, floor
from statistics import mean
from unittest.mock import patch

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from balancer.core.slot_table import Member, SlotTable
from balancer.core.strategies import Table
from balancer.core.strategies import table as table_module
from tests.unit.balancer.core.strategies.rings import (
    EMPTY,
    SMALL_TABLE,
    TABLE,
    equal,
    fresh,
    grown,
    histories,
    members,
    newcomers,
    owned,
)


@given(fleet=members(), before=histories())
def test_every_server_owns_its_share_rounded_down_or_up(fleet: list[Member], before: SlotTable) -> None:
    counts = SMALL_TABLE.place(fleet, before).counts()
    total = sum(member.weight for member in fleet)
    for member in fleet:
        exact = 128 * member.weight / total
        assert floor(exact) <= counts.get(member.ring_id, 0) <= ceil(exact)


@given(fleet=members(at_most=6), before=histories())
def test_raising_a_weight_never_loses_a_slot(fleet: list[Member], before: SlotTable) -> None:
    first, *others = fleet
    table = SMALL_TABLE.place(fleet, before)
    heavier = SMALL_TABLE.place([Member(first.ring_id, first.weight + 1), *others], table)
    assert owned(table, first.ring_id) <= owned(heavier, first.ring_id)


@given(before=histories(), newcomer=newcomers)
def test_an_addition_moves_slots_only_to_the_newcomer(before: SlotTable, newcomer: int) -> None:
    present = equal(before.counts())
    before = SMALL_TABLE.place(present, before)
    after = SMALL_TABLE.place([*present, Member(newcomer)], before)
    for was, now in zip(before.owners, after.owners, strict=True):
        assert now in (was, newcomer)


@given(before=histories(), choice=st.integers(0, 100))
def test_a_removal_moves_slots_only_from_the_victim(before: SlotTable, choice: int) -> None:
    present = sorted(before.counts())
    assume(len(present) > 1)
    before = SMALL_TABLE.place(equal(present), before)
    victim = present[choice % len(present)]
    after = SMALL_TABLE.place(equal(ring_id for ring_id in present if ring_id != victim), before)
    for was, now in zip(before.owners, after.owners, strict=True):
        assert (now == was) == (was != victim)


@given(fleet=members(at_most=10, heaviest=1), newcomer=newcomers)
def test_adding_a_server_to_a_fresh_table_and_removing_it_is_exact(fleet: list[Member], newcomer: int) -> None:
    table = TABLE.place(fleet, EMPTY)
    assert TABLE.place(fleet, TABLE.place([*fleet, Member(newcomer)], table)) == table


@given(fleet=members(at_most=20), before=histories(at_most=20), pairs=st.integers(1, 2_000))
def test_where_not_every_pair_can_be_scored_rounds_lead_to_the_same_quotas_in_as_few_moves(
    fleet: list[Member], before: SlotTable, pairs: int
) -> None:
    whole = SMALL_TABLE.place(fleet, before)
    with scoring_at_most(pairs):
        table = SMALL_TABLE.place(fleet, before)
    assert table.counts() == whole.counts()
    assert before.moved(table) == before.moved(whole)


@given(fleet=members(at_most=20), before=histories(), pairs=st.integers(1, 2_000))
def test_the_order_of_the_members_changes_nothing_in_rounds_either(
    fleet: list[Member], before: SlotTable, pairs: int
) -> None:
    with scoring_at_most(pairs):
        assert SMALL_TABLE.place(fleet[::-1], before) == SMALL_TABLE.place(fleet, before)


def test_a_table_of_512_slots_never_needs_a_second_round() -> None:
    one_round = fresh(TABLE, 60)
    with scoring_at_most(10**9):
        assert fresh(TABLE, 60) == one_round
    assert table_module._MOST_PAIRS >= 512 * 512


def test_a_large_table_is_exact_too() -> None:
    """200 servers on 2048 slots are more pairs than are scored at a time."""
    large = Table(slots=2048)
    table = fresh(large, 200)
    assert set(table.counts().values()) == {10, 11}
    assert table.moved(large.place(equal(range(1, 202)), table)) == 10


def scoring_at_most(pairs: int) -> AbstractContextManager[object]:
    return patch.object(table_module, "_MOST_PAIRS", pairs)


def fewest_moves(members: list[Member], owners: tuple[int, ...]) -> int:
    """By brute force: over all ways to fill len(owners) slots that give each server its share, rounded."""
    total = sum(member.weight for member in members)
    slots = len(owners)
    best = slots
    for way in product([member.ring_id for member in members], repeat=slots):
        fits = all(
            floor(slots * member.weight / total) <= way.count(member.ring_id) <= ceil(slots * member.weight / total)
            for member in members
        )
        if fits:
            best = min(best, sum(now != was for now, was in zip(way, owners, strict=True)))
    return best


@given(
    fleet=st.lists(
        st.builds(Member, st.integers(1, 5), st.integers(1, 4)),
        min_size=1,
        max_size=3,
        unique_by=lambda member: member.ring_id,
    ),
    owners=st.lists(st.integers(0, 5), min_size=8, max_size=8).map(tuple),
)
@example(fleet=equal([1, 2, 3]), owners=(1, 1, 1, 2, 2, 2, 3, 3))
@example(fleet=equal([1, 2, 3]), owners=(1, 1, 1, 3, 3, 3, 2, 2))
@example(fleet=equal([1, 2, 3]), owners=(2, 2, 2, 3, 3, 3, 1, 1))
def test_every_change_makes_the_fewest_moves_that_brute_force_finds(
    fleet: list[Member], owners: tuple[int, ...]
) -> None:
    """From any table, however it came about; 0 is nobody."""
    before = SlotTable(owners)
    assert before.moved(Table(slots=8).place(fleet, before)) == fewest_moves(fleet, owners)


def displaced(table: SlotTable, victim: int) -> float:
    """The part of a server's slots that it does not find again when it leaves and comes back."""
    present = sorted(table.counts())
    without = TABLE.place(equal(ring_id for ring_id in present if ring_id != victim), table)
    again = TABLE.place(equal(present), without)
    lost = sum(was == victim and now != victim for was, now in zip(table.owners, again.owners, strict=True))
    return lost / table.counts()[victim]


@pytest.mark.parametrize("count", [2, 3, 4, 5, 6])
def test_a_server_that_leaves_a_grown_fleet_and_comes_back_finds_98_percent_of_its_slots(count: int) -> None:
    assert max(displaced(grown(count), victim) for victim in range(1, count + 1)) < 0.025


@pytest.mark.parametrize("count", [2, 3, 4, 5, 6])
def test_a_server_that_leaves_a_new_fleet_and_comes_back_finds_most_of_its_slots(count: int) -> None:
    assert mean(displaced(fresh(TABLE, count), victim) for victim in range(1, count + 1)) < 0.09


def test_a_table_has_room_for_one_server_per_slot() -> None:
    assert SMALL_TABLE.capacity == 128
    assert fresh(SMALL_TABLE, 128).counts() == dict.fromkeys(range(1, 129), 1)


def test_a_server_so_light_that_its_share_is_below_one_slot_may_own_none() -> None:
    fleet = [Member(1, 100), Member(2, 100), Member(3, 1)]
    assert Table(slots=4).place(fleet, SlotTable.empty(4)).counts() == {1: 2, 2: 2}


# Replacements.


def weights_of_a_slot_or_more(fleet: list[Member], slots: int) -> bool:
    """Below one slot a server may own none, and looks like a newcomer then."""
    total = sum(member.weight for member in fleet)
    return all(slots * member.weight >= total for member in fleet)


@given(fleet=members(at_most=20), before=histories(at_most=20), choice=st.integers(0, 100), newcomer=newcomers)
def test_a_replacement_gets_exactly_the_slots_of_its_predecessor(
    fleet: list[Member], before: SlotTable, choice: int, newcomer: int
) -> None:
    """Whatever the weights and the past: the table afterwards is the same with another name in it."""
    assume(weights_of_a_slot_or_more(fleet, 128))
    before = SMALL_TABLE.place(fleet, before)
    gone = fleet[choice % len(fleet)]
    after = SMALL_TABLE.place([*(member for member in fleet if member != gone), Member(newcomer, gone.weight)], before)
    assert after.owners == tuple(newcomer if owner == gone.ring_id else owner for owner in before.owners)


@given(
    fleet=members(at_most=8, heaviest=2),
    before=histories(),
    gone=st.sets(st.integers(0, 7), min_size=2),
    newcomer=newcomers,
)
def test_when_several_are_replaced_at_once_no_survivor_gets_or_loses_a_slot(
    fleet: list[Member], before: SlotTable, gone: set[int], newcomer: int
) -> None:
    """Their replacements share what they had."""
    before = SMALL_TABLE.place(fleet, before)
    survivors = [member for at, member in enumerate(fleet) if at not in gone]
    replacements = [replace(member, ring_id=newcomer + at) for at, member in enumerate(fleet) if at in gone]
    after = SMALL_TABLE.place([*survivors, *replacements], before)
    for survivor in survivors:
        assert owned(after, survivor.ring_id) == owned(before, survivor.ring_id)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=12), st.integers(2, 10))
def test_failure_after_failure_no_survivor_gets_or_loses_a_slot(failures: list[int], count: int) -> None:
    """512 slots over three servers are 171, 171, 170: it must not depend on the ids who has the 170."""
    present = list(range(1, count + 1))
    table = grown(count)
    for newcomer, failure in enumerate(failures, 100):
        gone = present.pop(failure % count)
        present.append(newcomer)
        after = TABLE.place(equal(present), table)
        assert after.owners == tuple(newcomer if owner == gone else owner for owner in table.owners)
        table = after
