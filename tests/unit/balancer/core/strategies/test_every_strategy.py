"""What every placement strategy promises."""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import balancer
from balancer.core.slot_table import Member, SlotTable
from balancer.core.strategies import STRATEGIES, Strategy, strategy
from tests.unit.balancer.core.strategies.rings import COURSE, SMALL_COURSE, SMALL_TABLE, TABLE, histories, members

every = pytest.mark.parametrize("placing", [SMALL_TABLE, SMALL_COURSE], ids=STRATEGIES)


@every
@given(fleet=members(), before=histories())
def test_every_slot_has_an_owner_in_the_fleet(placing: Strategy, fleet: list[Member], before: SlotTable) -> None:
    table = placing.place(fleet, before)
    assert table.slots == placing.slots
    assert set(table.owners) <= {member.ring_id for member in fleet}


@every
@given(before=histories())
def test_an_empty_fleet_owns_nothing(placing: Strategy, before: SlotTable) -> None:
    assert placing.place([], before) == SlotTable.empty(128)


@every
@given(fleet=members(), before=histories(), chance=st.randoms(use_true_random=False))
def test_the_order_of_the_members_changes_nothing(
    placing: Strategy, fleet: list[Member], before: SlotTable, chance: random.Random
) -> None:
    shuffled = list(fleet)
    chance.shuffle(shuffled)
    assert placing.place(shuffled, before) == placing.place(fleet, before)


@every
@given(fleet=members(), data=st.data())
def test_only_the_keys_of_dead_servers_change_owner(
    placing: Strategy, fleet: list[Member], data: st.DataObject
) -> None:
    table = placing.place(fleet, SlotTable.empty(128))
    owners = sorted(table.counts())
    living = frozenset(data.draw(st.sets(st.sampled_from(owners), min_size=1)))
    during = table.among(living)
    for was, now in zip(table.owners, during.owners, strict=True):
        assert now in living
        assert now == was or was not in living


PLACE_SEVEN = """
from balancer.core.slot_table import Member, SlotTable
from balancer.core.strategies import strategy
for name in ("table", "course"):
    placing = strategy(name, slots=512, virtual_servers=9)
    table = SlotTable.empty(512)
    for fleet in ({5, 900, 17}, {5, 900, 17, 23, 4, 31}, {900, 17, 23, 77}):
        table = placing.place({Member(ring_id, 1 + ring_id % 3) for ring_id in fleet}, table)
    print(table.digest())
"""


def test_the_seed_of_pythons_hashes_changes_nothing() -> None:
    source = Path(balancer.__file__).parents[1]
    printed = {
        subprocess.run(
            [sys.executable, "-c", PLACE_SEVEN],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(source)},
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("0", "1", "4242")
    }
    assert len(printed) == 1


def test_strategies_are_found_by_name() -> None:
    assert strategy("table", slots=512, virtual_servers=9) == TABLE
    assert strategy("course", slots=512, virtual_servers=9) == COURSE
    with pytest.raises(ValueError, match="unknown strategy 'maglev': choose one of table, course"):
        strategy("maglev", slots=512, virtual_servers=9)
