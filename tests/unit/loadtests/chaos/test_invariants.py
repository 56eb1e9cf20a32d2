"""Each invariant is broken once."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from loadtests.chaos.expected import FleetState
from loadtests.chaos.invariants import Picture, broken

WHOLE = Picture(
    n=2,
    target=2,
    replicas=["S1", "S2"],
    members=["S1", "S2"],
    running=["S2", "S1"],
    containers=2,
    ring_ids=["1", "2", "3"],
    answering=["S1", "S2", "S1"],
    edge_map=["S1", "S2", "S1"],
    unknown=[],
    in_step=True,
    spares=1,
    state=FleetState(2, {}, (), stage="done"),
)


def test_a_whole_fleet_is_whole() -> None:
    assert broken(WHOLE, spares=1) == []


@pytest.mark.parametrize(
    ("differences", "said"),
    [
        ({"n": 3}, "counts differ"),
        ({"target": 3}, "counts differ"),
        ({"containers": 3}, "counts differ"),
        ({"replicas": ["S1", "S3"]}, "fleets differ"),
        ({"members": ["S1", "S3"]}, "fleets differ"),
        ({"ring_ids": ["1", "1", "3"]}, "twice: ['1']"),
        ({"unknown": ["who"]}, "orphans: ['who']"),
        ({"answering": ["S1", "S2", "S9"], "edge_map": ["S1", "S2", "S9"]}, "slots of servers that do not run: {'S9'}"),
        ({"edge_map": ["S1", "S2", "S2"]}, "the edge has another map than the ring"),
        ({"in_step": False}, "the edge is not in step"),
        ({"spares": 0}, "spares: 0 of 1"),
        ({"state": FleetState(2, {}, (), stage="stuck")}, "the deploy is stuck"),
    ],
)
def test_each_invariant_is_broken_once(differences: dict[str, Any], said: str) -> None:
    (found,) = broken(replace(WHOLE, **differences), spares=1)
    assert said in found
