"""A call that did not wait may be refused as documented, and in no other way."""

from __future__ import annotations

import pytest

from loadtests.chaos.actions import ApiCall, Begun
from loadtests.chaos.refusals import undocumented
from loadtests.faults.watcher import View, Views
from tests.unit.loadtests.chaos.some_actions import begun, call

HERE = Views(View(0.0, replicas=("S1", "S2"), is_ready=True))
GONE = Views(View(0.0, replicas=("S1", "S2")), View(101.0, replicas=("S1",)))
CALL, BALANCER, EDGE = begun(call()), begun(takes_balancer=True), begun(takes_edge=True)

BUSY = call(409, "another change of the fleet is running; try again when it has ended")
DEPLOYS = call(409, "a deploy is running; wait until GET /deploy says how it ended")
TAKING_UP = call(409, "the balancer is still taking up its fleet; try again in a moment")
UNKNOWN = call(404, "no server named S2 serves", server="S2")
WENT = call(502, "The balancer went away while it worked on this. Ask /rep what came of it")
AWAY = call(503, "The balancer is away, or busy; the servers are still being served. Try again in a moment")
PLANE = call(503, "the edge does not answer")
BROKEN = call(0)


@pytest.mark.parametrize("accepted", [call(200), call(202)])
def test_what_is_accepted_is_no_refusal(accepted: ApiCall) -> None:
    assert undocumented([begun(accepted)], HERE) == []


@pytest.mark.parametrize(
    ("refused", "beside", "views"),
    [
        (BUSY, CALL, HERE),
        (DEPLOYS, CALL, HERE),
        (TAKING_UP, BALANCER, HERE),
        (UNKNOWN, CALL, GONE),
        (WENT, BALANCER, HERE),
        (AWAY, BALANCER, HERE),
        (PLANE, EDGE, HERE),
        (BROKEN, BALANCER, HERE),
    ],
)
def test_documented_refusals_beside_what_causes_them(refused: ApiCall, beside: Begun, views: Views) -> None:
    assert undocumented([begun(refused), beside], views) == []


@pytest.mark.parametrize("refused", [BUSY, DEPLOYS, TAKING_UP, UNKNOWN, WENT, AWAY, PLANE, BROKEN])
def test_whoever_has_the_fleet_to_himself_is_never_refused(refused: ApiCall) -> None:
    (found,) = undocumented([begun(refused)], HERE)
    assert found.startswith("refused: a call: ")


@pytest.mark.parametrize(
    ("refused", "beside"),
    [
        (call(400, "n must be at least 1"), CALL),
        (call(409, "S9 belongs to somebody else"), CALL),
        (call(500, "The balancer failed; its log says why"), BALANCER),
        (call(500, "S9 did not become ready"), CALL),
        (UNKNOWN, CALL),
        (WENT, CALL),
        (PLANE, BALANCER),
        (BROKEN, CALL),
        (TAKING_UP, CALL),
    ],
)
def test_any_other_refusal_is_found(refused: ApiCall, beside: Begun) -> None:
    assert len(undocumented([begun(refused), beside], HERE)) == 1
