"""Replacements that keep dying: the balancer slows down, says so, and recovers by itself."""

from __future__ import annotations

import pytest

from balancer.core.fleet_change import FleetChange
from tests.fakes.runtime import Everyone
from tests.unit.balancer.in_memory import InMemoryBalancer


def attempts(balancer: InMemoryBalancer, *, seconds: int) -> int:
    """How many replacements are tried while so much time goes by, a step every tenth of a second."""
    first = balancer.desired.fleet.next_ring_id
    for _ in range(seconds * 10):
        balancer.step()
        balancer.clock.sleep(0.1)
    return balancer.desired.fleet.next_ring_id - first


@pytest.mark.parametrize("fault", ["broken", "ending_at_once"])
def test_replacements_that_do_not_start_are_tried_ever_more_seldom(balancer: InMemoryBalancer, fault: str) -> None:
    setattr(balancer.runtime, fault, Everyone())
    balancer.runtime.vanish("S1")
    assert attempts(balancer, seconds=7) in range(4, 7)
    assert attempts(balancer, seconds=20) in range(1, 4)
    assert balancer.runtime.names == {"S2", "S3"}


def test_replacements_that_serve_for_a_moment_and_die_are_tried_ever_more_seldom(balancer: InMemoryBalancer) -> None:
    balancer.runtime.vanish("S1")
    joined = set()
    for _ in range(300):
        balancer.step()
        for name in set(balancer.replicas) - {"S2", "S3"}:
            joined.add(name)
            balancer.runtime.die(name)
        balancer.clock.sleep(0.1)
    assert len(joined) in range(5, 10)


def test_a_server_that_fails_after_a_long_life_is_replaced_at_once(balancer: InMemoryBalancer) -> None:
    for _ in range(5):
        began = balancer.clock.now()
        balancer.runtime.die(balancer.replicas[0])
        balancer.steps(2)
        assert len(balancer.replicas) == 3
        assert balancer.clock.now() - began < 0.5
        balancer.clock.sleep(60)


def test_the_reason_stands_in_the_health_until_a_replacement_serves(balancer: InMemoryBalancer) -> None:
    balancer.runtime.broken = Everyone()
    balancer.runtime.vanish("S1")
    balancer.steps(2)
    assert "cannot be started: no such image" in balancer.health.report()["ailments"]["fleet"]
    balancer.runtime.broken = ()
    balancer.clock.sleep(60)
    balancer.steps(2)
    assert balancer.health.report()["ready"]
    assert balancer.is_sound()


def test_the_reason_goes_when_nobody_is_missing_any_more(balancer: InMemoryBalancer) -> None:
    """The user lowers N instead of mending the image."""
    balancer.runtime.broken = Everyone()
    balancer.runtime.vanish("S1")
    balancer.steps(2)
    balancer.runtime.die("S2")
    balancer.steps(2)
    assert balancer.replicas == ("S3",)
    balancer.fleet.remove(FleetChange(1, ("S3",)))
    balancer.clock.sleep(60)
    balancer.runtime.broken = ()
    balancer.steps(2)
    assert balancer.health.report()["ready"], balancer.health.report()


def test_users_can_add_while_replacements_fail(balancer: InMemoryBalancer) -> None:
    balancer.runtime.broken = Everyone()
    balancer.runtime.vanish("S1")
    balancer.steps(2)
    balancer.runtime.broken = ()
    assert "S9" in balancer.fleet.add(FleetChange(1, ("S9",)))
