"""Maglev: permutations, turns, and counts within a slot of each other."""

from __future__ import annotations

from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from balancer.core.slot_table import Member, SlotTable
from balancer.core.strategies import Maglev
from balancer.core.strategies.maglev import turns
from tests.unit.balancer.core.strategies.clear_forms import order, permutation
from tests.unit.balancer.core.strategies.rings import equal, fresh, members, ring_ids

SMALL = Maglev(slots=128)
EMPTY = SlotTable.empty(128)


@pytest.mark.parametrize("slots", [2, 128, 65_537])
@settings(max_examples=5)
@given(ring_id=ring_ids)
def test_a_servers_permutation_has_every_slot_once(slots: int, ring_id: int) -> None:
    assert sorted(permutation(Maglev(slots=slots), ring_id)) == list(range(slots))


def test_permutations_of_different_servers_differ() -> None:
    assert len({tuple(islice(permutation(Maglev(), ring_id), 2)) for ring_id in range(1, 201)}) == 200


@given(st.sets(ring_ids, min_size=1, max_size=12))
def test_the_table_is_the_papers(fleet: set[int]) -> None:
    """The pseudocode of section 3.4, word for word; only the permutations are ours."""
    backends = sorted(fleet)
    preferences = [list(permutation(SMALL, ring_id)) for ring_id in backends]
    following = [0] * len(backends)
    entry = [-1] * 128
    filled = 0
    while filled < 128:
        for i in range(len(backends)):
            slot = preferences[i][following[i]]
            while entry[slot] >= 0:
                following[i] += 1
                slot = preferences[i][following[i]]
            entry[slot] = i
            following[i] += 1
            filled += 1
            if filled == 128:
                break
    assert SMALL.place(equal(fleet), EMPTY).owners == tuple(backends[i] for i in entry)


def test_turns_follow_the_weights_round_after_round() -> None:
    """With the weights 2 and 3 the one has a turn in two of three rounds, the other in every round."""
    assert turns([2, 3], 10) == [1, 0, 1, 0, 1] * 2


@given(weights=st.lists(st.integers(1, 300), min_size=1, max_size=12), count=st.integers(1, 200))
def test_turns_come_as_credits_grow(weights: list[int], count: int) -> None:
    """Envoy's way: in each round a credit grows by the weight; a turn costs as much as the largest weight."""
    by_credits = order([Member(at, weight) for at, weight in enumerate(weights)])
    assert turns(weights, count) == list(islice(by_credits, count))


@given(st.sets(ring_ids, min_size=1, max_size=60))
def test_servers_of_equal_weight_differ_by_a_slot_at_most(fleet: set[int]) -> None:
    counts = SMALL.place(equal(fleet), EMPTY).counts()
    assert counts.keys() == fleet
    assert max(counts.values()) - min(counts.values()) <= 1


@given(fleet=members(at_most=30, heaviest=100))
def test_shares_follow_the_weights(fleet: list[Member]) -> None:
    """Below the exact share by less than two slots, above it by less than one and the weight over the mean weight:
    every server's claims of all rounds are rounded down, and what that leaves is dealt in further rounds."""
    counts = SMALL.place(fleet, EMPTY).counts()
    total = sum(member.weight for member in fleet)
    for member in fleet:
        exact = 128 * member.weight / total
        over_mean = member.weight * len(fleet) / total
        assert exact - 2 < counts.get(member.ring_id, 0) < exact + 1 + over_mean


def test_the_usual_table_has_a_prime_number_of_slots() -> None:
    table = fresh(Maglev(), 3)
    assert table.slots == 65_537
    assert sorted(table.counts().values()) == [21_845, 21_846, 21_846]


def test_an_addition_takes_its_share_from_all_and_moves_few_slots_of_bystanders() -> None:
    table = fresh(Maglev(), 6)
    after = Maglev().place(equal(range(1, 8)), table)
    bystanders = table.moved(after) - after.counts()[7]
    assert 0 < bystanders < 65_537 / 100
