"""The slot table: counting, comparing, and walking on past servers that are down."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from balancer.core.errors import EmptyRing
from balancer.core.slot_table import SlotTable

tables = st.lists(st.integers(1, 6), min_size=1, max_size=40).map(lambda owners: SlotTable(tuple(owners)))


def test_slots_are_counted_per_server() -> None:
    assert SlotTable((1, 1, 7, 0)).counts() == {1: 2, 7: 1}


def test_an_empty_table_belongs_to_nobody() -> None:
    empty = SlotTable.empty(4)
    assert (empty.owners, empty.slots, empty.counts()) == ((0, 0, 0, 0), 4, {})


def test_moved_slots_are_those_with_another_owner() -> None:
    assert SlotTable((1, 1, 2)).moved(SlotTable((1, 2, 3))) == 2


def test_tables_of_different_sizes_cannot_be_compared() -> None:
    with pytest.raises(ValueError, match="shorter"):
        SlotTable((1, 1, 2)).moved(SlotTable((1, 2)))


def test_a_slot_of_a_server_that_is_down_walks_on_clockwise_past_the_end() -> None:
    table = SlotTable((1, 2, 3, 3))
    assert [table.owner(slot, {1, 2}) for slot in range(4)] == [1, 2, 1, 1]


def test_without_any_living_owner_there_is_nobody_to_ask() -> None:
    with pytest.raises(EmptyRing):
        SlotTable((1, 2)).owner(0, {3})
    with pytest.raises(EmptyRing):
        SlotTable.empty(2).owner(0, {1})


def test_among_nobody_is_an_empty_table() -> None:
    assert SlotTable((1, 2)).among({3}) == SlotTable.empty(2)


@given(table=tables, living=st.sets(st.integers(1, 6), min_size=1))
def test_the_table_among_the_living_is_what_walking_on_finds(table: SlotTable, living: set[int]) -> None:
    if not living & set(table.owners):
        return
    assert table.among(living).owners == tuple(table.owner(slot, living) for slot in range(table.slots))


@given(table=tables)
def test_recovery_restores_the_table_exactly(table: SlotTable) -> None:
    assert table.among(set(table.owners)) == table


@given(table=tables, other=tables)
def test_a_digest_names_exactly_one_table(table: SlotTable, other: SlotTable) -> None:
    assert (table.digest() == other.digest()) == (table == other)


def test_a_digest_tells_eleven_from_one_and_one() -> None:
    assert SlotTable((11,)).digest() != SlotTable((1, 1)).digest()
