"""The simulation of many hosts runs, in small, and its table says all of it."""

from __future__ import annotations

import pytest

from loadtests import several_hosts
from loadtests.hosts import fleets
from loadtests.several_hosts import Plan, tables


def test_every_slot_of_a_turned_fleet_has_another_owner() -> None:
    before = fleets.fleet(5, 64)
    assert before.table.moved(fleets.turned(before).table) == 64
    assert len(fleets.one_more(before).servers) == 6


def test_the_tables_have_every_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(several_hosts, "LEASE", 1.0)
    changes, state = tables(Plan(edges=2, servers=5, slots=(64,), rest=1))
    for what in (
        "first files",
        "every slot",
        "one server joins",
        "take 1 s",
        "are silent",
        "at rest",
        "drains",
        "tunnel",
    ):
        assert what in changes
    assert "| M = 64, 5 servers |" in state
