"""What the loss of servers did to the slots."""

from __future__ import annotations

from tests.swarm.slots import heirs, moved

BEFORE = ["S1", "S2", "S3", "S1"]


def test_the_slots_of_lost_servers_may_move_to_anybody() -> None:
    after = ["new", "S2", "S3", "new"]
    assert moved(BEFORE, after, lost=["S1"]) == []
    assert heirs(BEFORE, after, lost=["S1"]) == {"S1": {"new"}}


def test_the_slots_of_survivors_may_not() -> None:
    after = ["new", "new", "S3", "S2"]
    assert moved(BEFORE, after, lost=["S1"]) == [1]
    assert heirs(BEFORE, after, lost=["S1"]) == {"S1": {"new", "S2"}}
