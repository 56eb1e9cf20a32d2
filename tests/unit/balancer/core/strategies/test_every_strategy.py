"""What every placement strategy promises."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import balancer
from balancer.core.errors import EmptyRing, InvalidRequest, RingFull
from balancer.core.slot_table import Member, SlotTable
from balancer.core.strategies import STRATEGIES, Course, Maglev, Ring, Strategy, Table
from tests.unit.balancer.core.strategies.rings import EVERY, equal, fresh, histories, members, newcomers, suited

few = settings(max_examples=20)
"""Of each strategy."""
every = pytest.mark.parametrize("placing", EVERY.values(), ids=EVERY)
WEIGHTED = {name: placing for name, placing in EVERY.items() if placing.weighted}
weighted = pytest.mark.parametrize("placing", WEIGHTED.values(), ids=WEIGHTED)


def test_strategies_are_found_by_name_and_the_balanced_table_is_the_first() -> None:
    assert list(STRATEGIES.items()) == [("table", Table), ("course", Course), ("ring", Ring), ("maglev", Maglev)]


@every
@few
@given(fleet=members(lightest=0), before=histories())
def test_every_slot_has_an_owner_in_the_fleet_that_has_a_weight(
    placing: Strategy, fleet: list[Member], before: SlotTable
) -> None:
    fleet = suited(placing, fleet)
    bearing = {member.ring_id for member in fleet if member.weight}
    table = placing.place(fleet, before)
    assert table.slots == placing.slots
    assert set(table.owners) <= (bearing or {0})


@every
@few
@given(before=histories())
def test_an_empty_fleet_owns_nothing_and_a_request_to_it_is_an_error(placing: Strategy, before: SlotTable) -> None:
    table = placing.place([], before)
    assert table == SlotTable.empty(128)
    with pytest.raises(EmptyRing):
        table.owner(0, frozenset())


@every
@few
@given(fleet=members())
def test_virtual_servers_have_places_on_the_circle_or_there_are_none(placing: Strategy, fleet: list[Member]) -> None:
    fleet = suited(placing, fleet)
    places = placing.places(fleet)
    assert set(places) == ({member.ring_id for member in fleet} if isinstance(placing, Course | Ring) else set())
    for own in places.values():
        assert own == tuple(sorted(own))
        assert all(0 <= place < 1 for place in own)


@weighted
def test_a_fleet_that_bears_nothing_owns_nothing(placing: Strategy) -> None:
    assert placing.place([Member(1, 0), Member(2, 0)], fresh(placing, 2)) == SlotTable.empty(128)


@weighted
@few
@given(fleet=members(), before=histories(), drained=newcomers)
def test_a_server_of_weight_0_is_as_good_as_none(
    placing: Strategy, fleet: list[Member], before: SlotTable, drained: int
) -> None:
    assert placing.place([*fleet, Member(drained, 0)], before) == placing.place(fleet, before)


@every
@few
@given(fleet=members(), before=histories(), chance=st.randoms(use_true_random=False))
def test_the_order_of_the_members_changes_nothing(
    placing: Strategy, fleet: list[Member], before: SlotTable, chance: random.Random
) -> None:
    fleet = suited(placing, fleet)
    shuffled = list(fleet)
    chance.shuffle(shuffled)
    assert placing.place(shuffled, before) == placing.place(fleet, before)


@every
@few
@given(fleet=members(), before=histories())
def test_no_change_moves_nothing(placing: Strategy, fleet: list[Member], before: SlotTable) -> None:
    fleet = suited(placing, fleet)
    table = placing.place(fleet, before)
    assert placing.place(fleet, table) == table


@weighted
@few
@given(fleet=members(), before=histories(), factor=st.integers(2, 7))
def test_scaling_all_weights_changes_nothing(
    placing: Strategy, fleet: list[Member], before: SlotTable, factor: int
) -> None:
    scaled = [Member(member.ring_id, member.weight * factor) for member in fleet]
    assert placing.place(scaled, before) == placing.place(fleet, before)


@every
@few
@given(fleet=members(), data=st.data())
def test_only_the_keys_of_dead_servers_change_owner_and_recovery_restores_the_table(
    placing: Strategy, fleet: list[Member], data: st.DataObject
) -> None:
    table = placing.place(suited(placing, fleet), SlotTable.empty(128))
    owners = sorted(table.counts())
    living = frozenset(data.draw(st.sets(st.sampled_from(owners), min_size=1)))
    during = table.among(living)
    assert set(during.owners) <= living
    assert all(now == was or was not in living for was, now in zip(table.owners, during.owners, strict=True))
    assert table.among(frozenset(owners)) == table


@every
def test_a_table_of_another_size_counts_as_empty(placing: Strategy) -> None:
    assert placing.place(equal([1, 2]), fresh(Table(slots=64), 3)) == fresh(placing, 2)


@every
def test_one_server_more_than_there_is_room_for_is_refused_with_the_limit(placing: Strategy) -> None:
    with pytest.raises(RingFull, match=f"128 slots.* at most {placing.capacity} servers, not {placing.capacity + 1}"):
        fresh(placing, placing.capacity + 1)


@pytest.mark.parametrize("weights", [(1, 2), (5, 5), (0, 0), (1, 0)])
def test_the_course_ring_refuses_weights(weights: tuple[int, int]) -> None:
    course = EVERY["course"]
    with pytest.raises(InvalidRequest, match="weight: the strategy course knows no weights"):
        course.place([Member(1, weights[0]), Member(2, weights[1])], SlotTable.empty(128))


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: Table(slots=500), "slots must be a power of two from 2 to 65536"),
        (lambda: Table(slots=1), "slots must be a power of two from 2 to 65536"),
        (lambda: Table(slots=131_072), "slots must be a power of two from 2 to 65536"),
        (lambda: Table(slots=65_537), "slots must be a power of two from 2 to 65536"),
        (lambda: Maglev(slots=65_539), "slots must be a power of two from 2 to 65536, or 65537"),
        (lambda: Course(virtual_servers=0), "virtual_servers must be an integer from 1 to 512"),
        (lambda: Course(slots=8), "virtual_servers must be an integer from 1 to 8"),
        (lambda: Course(probing="quadratic"), "probing must be one of linear, triangular"),
        (lambda: Ring(points="2^16"), "points must be one of 2^32, slots"),
        (lambda: Ring(point_hash="crc32"), "point_hash must be one of xxh64, md5, sha1, sha256"),
        (lambda: Ring(virtual_servers=-1), "virtual_servers must be an integer from 0 to 1024"),
        (lambda: Ring(virtual_servers=1025), "virtual_servers must be an integer from 0 to 1024"),
        (lambda: Ring(slots=16, points="slots", virtual_servers=17), "virtual_servers must be an integer from 0 to 16"),
    ],
)
def test_a_parameter_that_cannot_be_is_refused_with_its_choices(make: Callable[[], Strategy], reason: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        make()
    assert str(refused.value) == reason


PLACE_SEVERAL = """
from balancer.core.slot_table import Member, SlotTable
from balancer.core.strategies import STRATEGIES
for kind in STRATEGIES.values():
    placing = kind(slots=512)
    table = SlotTable.empty(512)
    for fleet in ({5, 900, 17}, {5, 900, 17, 23, 4, 31}, {900, 17, 23, 77}):
        table = placing.place({Member(ring_id, 1 + ring_id % 3 * placing.weighted) for ring_id in fleet}, table)
    print(kind.name, table.digest())
"""


def test_the_seed_of_pythons_hashes_changes_nothing() -> None:
    source = Path(balancer.__file__).parents[1]
    printed = {
        subprocess.run(
            [sys.executable, "-c", PLACE_SEVERAL],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(source)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("0", "1", "4242")
    }
    assert len(printed) == 1
    assert [line.split()[0] for line in printed.pop().splitlines()] == list(STRATEGIES)
