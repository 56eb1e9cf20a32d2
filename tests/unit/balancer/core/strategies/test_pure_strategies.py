"""What the strategies promise whose table is a function of the member set alone: all but the balanced slot table."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from balancer.core.slot_table import Member, SlotTable
from balancer.core.strategies import Strategy
from tests.unit.balancer.core.strategies.rings import PURE, fresh, histories, members, newcomers, suited

few = settings(max_examples=20)
"""Of each strategy."""
pure = pytest.mark.parametrize("placing", PURE.values(), ids=PURE)


@pure
@few
@given(fleet=members(), before=histories())
def test_what_was_before_does_not_matter(placing: Strategy, fleet: list[Member], before: SlotTable) -> None:
    fleet = suited(placing, fleet)
    assert placing.place(fleet, before) == placing.place(fleet, SlotTable.empty(128))


@pure
@few
@given(fleet=members(), newcomer=newcomers)
def test_adding_a_server_and_removing_it_is_the_identity(placing: Strategy, fleet: list[Member], newcomer: int) -> None:
    fleet = suited(placing, fleet)
    table = placing.place(fleet, SlotTable.empty(128))
    grown = placing.place([*fleet, Member(newcomer)], table)
    assert placing.place(fleet, grown) == table


@pure
def test_all_720_join_orders_of_six_servers_give_one_table(placing: Strategy) -> None:
    joined: list[str] = []

    def join(present: list[Member], table: SlotTable) -> None:
        if len(present) == 6:
            joined.append(table.digest())
        for ring_id in {1, 2, 3, 4, 5, 6} - {member.ring_id for member in present}:
            fleet = [*present, Member(ring_id)]
            join(fleet, placing.place(fleet, table))

    join([], SlotTable.empty(128))
    assert len(joined) == 720
    assert set(joined) == {fresh(placing, 6).digest()}
