"""The balancer dies before any of its calls to the outside world, and another one takes over.

Every point at which an operation can be cut is tried: whatever was acknowledged is there, whatever was not is there
whole or not at all, and no orphan is left.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from balancer.core.fleet_change import FleetChange
from tests.fakes.process import Crash
from tests.unit.balancer.in_memory import InMemoryBalancer

POINTS = range(45)
"""More than any of the operations on servers makes calls."""
RING_POINTS = range(6)
"""More than any of the operations on the ring makes calls."""

BEFORE = {"S1", "S2", "S3"}


def cut(
    operation: Callable[[InMemoryBalancer], object], *, after: int, weight: int = 1
) -> tuple[InMemoryBalancer, bool]:
    """The balancer that took over when the operation was cut after so many calls, and whether it had ended before.
    S2 has that weight from before."""
    balancer = InMemoryBalancer().started()
    balancer.ring.weigh("S2", weight)
    balancer.world.process.dies(after=after)
    try:
        operation(balancer)
        acknowledged = True
    except Crash:
        acknowledged = False
    balancer.settle()
    successor = balancer.restarted()
    successor.clock.sleep(60)
    successor.steps(4)
    assert successor.is_sound()
    assert successor.health.report()["ready"]
    return successor, acknowledged


def add_two(balancer: InMemoryBalancer) -> object:
    return balancer.fleet.add(FleetChange(2, ("S4", "S5"), weight=2))


def remove_two(balancer: InMemoryBalancer) -> object:
    return balancer.fleet.remove(FleetChange(2, ("S1", "S3")))


@pytest.mark.parametrize("after", POINTS)
def test_an_addition_is_there_whole_or_not_at_all(after: int) -> None:
    successor, acknowledged = cut(add_two, after=after)
    assert set(successor.replicas) in ([BEFORE | {"S4", "S5"}] if acknowledged else [BEFORE, BEFORE | {"S4", "S5"}])
    assert all(server.weight == (1 if server.hostname in BEFORE else 2) for server in successor.desired.fleet.servers)


@pytest.mark.parametrize("after", POINTS)
def test_a_removal_is_done_whole_or_not_at_all(after: int) -> None:
    successor, acknowledged = cut(remove_two, after=after)
    assert set(successor.replicas) in ([{"S2"}] if acknowledged else [BEFORE, {"S2"}])


def test_the_points_reach_from_the_first_call_beyond_the_last() -> None:
    for operation in (add_two, remove_two):
        assert not cut(operation, after=POINTS.start)[1]
        assert cut(operation, after=POINTS.stop)[1]


RING = {"strategy": "ring", "slots": 64}


@pytest.mark.parametrize("after", RING_POINTS)
def test_a_ring_is_switched_whole_or_not_at_all(after: int) -> None:
    successor, acknowledged = cut(lambda balancer: balancer.ring.switch(RING), after=after)
    profiles = [successor.catalogue.profile(document) for document in ({}, RING)]
    assert successor.desired.fleet.profile in (profiles[1:] if acknowledged else profiles)
    assert len(successor.plane.routes.slots) == successor.desired.fleet.profile.slots


@pytest.mark.parametrize("after", RING_POINTS)
def test_a_weight_is_given_or_not(after: int) -> None:
    successor, acknowledged = cut(lambda balancer: balancer.ring.weigh("S2", 3), after=after)
    assert successor.desired.fleet.server("S2").weight in ([3] if acknowledged else [1, 3])
    assert successor.plane.routes.slots.count("S2") in ([307, 308] if acknowledged else [170, 307, 308])


def test_the_points_reach_beyond_the_last_call_on_the_ring() -> None:
    for operation in (lambda balancer: balancer.ring.switch(RING), lambda balancer: balancer.ring.weigh("S2", 3)):
        assert not cut(operation, after=RING_POINTS.start)[1]
        assert cut(operation, after=RING_POINTS.stop)[1]


@pytest.mark.parametrize("after", POINTS)
def test_a_replacement_ends_in_a_whole_fleet_of_the_same_weights(after: int) -> None:
    def lose_one(balancer: InMemoryBalancer) -> None:
        balancer.runtime.die("S2")
        balancer.steps(2)

    successor, _ = cut(lose_one, after=after, weight=3)
    weights = {server.hostname: server.weight for server in successor.desired.fleet.servers}
    assert (len(weights), weights.pop("S1"), weights.pop("S3"), *weights.values()) == (3, 1, 1, 3)


@pytest.mark.parametrize("after", POINTS)
def test_a_first_fleet_comes_up_under_its_names(after: int) -> None:
    balancer = InMemoryBalancer()
    balancer.world.process.dies(after=after)
    try:
        balancer.steps(2)
    except Crash:
        balancer.settle()
    successor = balancer.restarted()
    successor.clock.sleep(60)
    successor.steps(4)
    assert successor.replicas == ("S1", "S2", "S3")
    assert [server.ring_id for server in successor.desired.fleet.servers] == [1, 2, 3]
    assert successor.is_sound()
