"""What the plan makes of silent servers. test_verdict.py has who is believed to hang, test_plan.py the rest."""

from __future__ import annotations

from dataclasses import replace

import pytest

from balancer.core.fleet import Fleet
from balancer.core.observed import Observed
from balancer.core.plan import HUNG, Plan, decide
from balancer.core.silence import Identity, Silences
from tests.unit.balancer.core.test_plan_spares import NOTHING, fleet, observed


def ids(*numbers: int) -> frozenset[Identity]:
    return frozenset((number, 1) for number in numbers)


def decided(
    desired: Fleet,
    seen: dict[str, Observed],
    *,
    silent: frozenset[Identity] = frozenset(),
    lifeless: frozenset[Identity] = frozenset(),
    stopped: frozenset[Identity] = frozenset(),
    starting: int = 0,
    claimed: tuple[str, ...] = (),
    spares: int = 0,
) -> Plan:
    everyone = frozenset(server.identity for server in desired.servers)
    silences = Silences(silent=silent, answering=everyone - silent, hung=lifeless, lifeless=lifeless, stopped=stopped)
    return decide(desired, seen, known=everyone, silences=silences, starting=starting, claimed=claimed, spares=spares)


def test_a_silent_server_leaves_the_ring_and_no_replacement_is_started() -> None:
    desired = fleet(3)
    assert decided(desired, observed(desired), silent=ids(2)) == replace(NOTHING, silenced=("S2",))
    silent = desired.silenced(["S2"])
    assert decided(silent, observed(silent), silent=ids(2)) == NOTHING
    assert decided(silent, observed(silent)) == replace(NOTHING, answered=("S2",))


def test_a_silent_server_that_hangs_is_killed_and_replaced() -> None:
    desired = fleet(3).silenced(["S2"])
    plan = decided(desired, observed(desired), silent=ids(2), lifeless=ids(2))
    assert plan == replace(NOTHING, failed={"S2": HUNG}, fence=("S2",), start=1)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"paused": True}, "its container is paused"),
        ({"address": ""}, "its container is off the network"),
        ({"running": False, "status": "exited"}, "its container is not running: exited"),
    ],
)
def test_what_the_engine_says_is_believed_of_all_at_once(change: dict[str, object], reason: str) -> None:
    desired = fleet(3)
    seen = {name: replace(container, **change) for name, container in observed(desired).items()}  # type: ignore[arg-type]
    assert decided(desired, seen, silent=ids(1, 2, 3)).failed == dict.fromkeys(("S1", "S2", "S3"), reason)


def test_a_stopped_process_is_dead_at_once() -> None:
    desired = fleet(3)
    plan = decided(desired, observed(desired), silent=ids(1, 2, 3), stopped=ids(1, 2))
    assert plan.failed == dict.fromkeys(("S1", "S2"), "its process is stopped by a signal")
    assert plan.crowd == ("S3",)


def test_the_dead_are_not_part_of_the_question_who_is_silent() -> None:
    desired = fleet(4)
    plan = decided(desired, observed(desired, "S1", "S2"), silent=ids(3))
    assert (set(plan.failed), plan.silenced, plan.crowd) == ({"S1", "S2"}, ("S3",), ())


def test_while_one_of_a_crowd_is_being_replaced_the_others_stay() -> None:
    whole = fleet(3)
    both = ids(2, 3)
    assert decided(whole, observed(whole), silent=both, lifeless=both).failed == {"S2": HUNG}
    assert decided(whole, observed(whole), silent=both, lifeless=both, starting=1).failed == {}
    down = whole.fail(["S1"])
    assert decided(down, observed(down), silent=both, lifeless=both, starting=1).failed == {}


def test_a_claimed_server_is_left_alone() -> None:
    desired = fleet(3)
    plan = decided(desired, observed(desired), silent=ids(2), lifeless=ids(2), claimed=("S2",))
    assert plan == NOTHING


def test_a_silent_spare_is_promoted_last() -> None:
    desired = fleet(2, spares=2)
    plan = decided(desired, observed(desired, "S1"), silent=ids(3), spares=2)
    assert plan.promote == ("P2",)
    assert decided(desired, observed(desired, "S1", "S2"), silent=ids(3), spares=2).promote == ("P2", "P1")
