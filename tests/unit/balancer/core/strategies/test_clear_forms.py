"""Every strategy makes exactly the table of its clear form, and the tables that it made in all releases before."""

from __future__ import annotations

from unittest.mock import patch

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from balancer.core.slot_table import Member, SlotTable
from balancer.core.strategies import Maglev, Ring, Strategy, Table
from balancer.core.strategies import table as table_module
from balancer.core.strategies.table import ascending
from tests.unit.balancer.core.strategies import golden_histories
from tests.unit.balancer.core.strategies.clear_forms import clear
from tests.unit.balancer.core.strategies.rings import histories
from tests.unit.balancer.core.strategies.test_golden_tables import REASON

TABLE = Table(slots=128)
PLACINGS: dict[str, Strategy] = {
    "ring": Ring(slots=128, virtual_servers=20),
    "ring, a point each": Ring(slots=128, virtual_servers=1),
    "ring, two slots": Ring(slots=2, virtual_servers=5),
    "ring, on slots": Ring(slots=128, points="slots", point_hash="sha1", virtual_servers=3),
    "maglev": Maglev(slots=128),
    "maglev, two slots": Maglev(slots=2),
}
some = settings(max_examples=60)
"""Of each strategy."""
weights = st.sampled_from([st.just(1), st.integers(1, 4), st.sampled_from([1, 256]), st.integers(1, 4096)])


@st.composite
def fleets(draw: st.DrawFn) -> list[Member]:
    """Up to 40 servers: all of the same weight, few weights, light and heavy ones, or any."""
    weight = draw(weights)
    one = st.builds(Member, st.integers(1, 60), weight)
    return draw(st.lists(one, min_size=1, max_size=40, unique_by=lambda member: member.ring_id))


@pytest.mark.parametrize("placing", PLACINGS.values(), ids=PLACINGS)
@some
@given(fleet=fleets())
def test_a_table_is_that_of_the_clear_form(placing: Strategy, fleet: list[Member]) -> None:
    fleet = fleet[: placing.capacity]
    before = SlotTable.empty(placing.slots)
    assert placing.place(fleet, before).owners == clear(placing, fleet, before)


@given(fleet=fleets(), before=histories(at_most=40), pairs=st.integers(1, 6_000))
def test_a_balanced_table_is_that_of_the_clear_form_after_any_past(
    fleet: list[Member], before: SlotTable, pairs: int
) -> None:
    """Of 128 slots and 40 servers there are 5120 pairs: often not all are scored in one round."""
    with patch.object(table_module, "_MOST_PAIRS", pairs):
        assert TABLE.place(fleet, before).owners == clear(TABLE, fleet, before)


@given(st.lists(st.integers(-(2**65), 2**65)))
@example([2**64 + 1, 2**64, 2**64 + 1, 5, 2**64])
def test_keys_that_are_equal_as_floats_are_in_order(keys: list[int]) -> None:
    assert ascending(keys) == sorted(range(len(keys)), key=keys.__getitem__)


def test_histories_are_golden() -> None:
    assert golden_histories.golden() == golden_histories.FILE.read_text(), REASON
