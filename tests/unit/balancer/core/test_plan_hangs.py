"""Who is believed to hang: a few are, most of them at once are not. test_plan.py has the rest."""

from __future__ import annotations

import pytest

from tests.unit.balancer.core.test_plan_spares import decided, fleet, observed

MISSED = "it missed its heartbeats"


@pytest.mark.parametrize(
    ("servers", "hanging", "failed"),
    [
        (1, 1, 1),
        (2, 1, 1),
        (2, 2, 1),
        (3, 1, 1),
        (3, 2, 1),
        (3, 3, 1),
        (4, 2, 2),
        (6, 3, 3),
        (6, 4, 1),
        (6, 6, 1),
    ],
)
def test_up_to_half_of_the_servers_are_replaced_at_once_and_more_one_after_another(
    servers: int, hanging: int, failed: int
) -> None:
    desired = fleet(servers)
    plan = decided(desired, observed(desired), suspects={(number, 1) for number in range(1, hanging + 1)})
    assert plan.failed == {f"S{number}": MISSED for number in range(1, failed + 1)}


def test_while_one_of_many_is_being_replaced_the_others_stay() -> None:
    desired = fleet(3).fail(["S1"])
    assert decided(desired, observed(desired), suspects={(2, 1), (3, 1)}, starting=1).failed == {}
    assert decided(fleet(3), observed(fleet(3)), suspects={(2, 1), (3, 1)}, starting=1).failed == {}


def test_what_the_engine_says_is_believed_of_all() -> None:
    desired = fleet(3)
    plan = decided(desired, observed(desired, "S1", "S2", "S3"), suspects={(1, 1), (2, 1), (3, 1)})
    assert set(plan.failed) == {"S1", "S2", "S3"}


def test_spares_count_among_them() -> None:
    desired = fleet(2, spares=2)
    two = decided(desired, observed(desired), spares=2, suspects={(1, 1), (3, 1)})
    assert set(two.failed) == {"S1", "P1"}
    three = decided(desired, observed(desired), spares=2, suspects={(1, 1), (2, 1), (3, 1)})
    assert set(three.failed) == {"S1"}
