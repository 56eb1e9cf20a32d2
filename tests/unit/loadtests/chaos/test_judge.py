"""The judge on made-up evidence: each thing that must not be is there once, and found."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from loadtests.chaos.expected import ENVIRONMENT, PROFILE, FleetServer, FleetState
from loadtests.chaos.judge import Done, Evidence, judge, too_many_void, wrong_state
from loadtests.chaos.result import Result
from loadtests.faults.servers import CannotStrike
from loadtests.faults.watcher import View, Views
from loadtests.traffic import Request
from tests.unit.loadtests.chaos.some_actions import begun, call, ended
from tests.unit.loadtests.some_requests import BROKE_OFF, REFUSED, request, steady

FULL = View(0.0, replicas=("S1", "S2"), target=2, is_ready=True)
CALM = Views(FULL)
REPLACED = Views(FULL, View(100.2, replicas=("S2",)), View(101.0, replicas=("S2", "S3"), is_ready=True))
KILL = Done(1, "docker kill", begun(victim="S1", hit="id1", job=ended()))
PAUSE = Done(1, "docker pause", begun(victim="S1", hit="id1", job=ended()))
ADD = Done(1, "/add", begun(call(delta=1)))
EDGE = Done(1, "edge kill -9", begun(takes_edge=True, job=ended(101.0)))
BALANCER = Done(1, "balancer kill -9", begun(takes_balancer=True))


def judged(
    *actions: Done, requests: list[Request] | None = None, views: Views = CALM, **differences: Any
) -> list[Result]:
    flowing = [*steady(since=99.0), *(requests or [])]
    usual: dict[str, Any] = {"whole": 109.0, "rate": 100.0, "posts": 10.0}
    return judge(actions, Evidence(views=views, requests=flowing, **{**usual, **differences}), chaos_began=90.0)


def wrong(*actions: Done, **evidence: Any) -> list[str]:
    return [line for result in judged(*actions, **evidence) for line in result.wrong]


@pytest.mark.parametrize(
    ("done", "views"), [(KILL, REPLACED), (PAUSE, REPLACED), (ADD, CALM), (EDGE, CALM), (BALANCER, CALM)]
)
def test_where_all_is_well_nothing_is_wrong(done: Done, views: Views) -> None:
    assert wrong(done, views=views) == []


@pytest.mark.parametrize(
    ("requests", "said"),
    [
        ([request(100.0, status=502)], "1 idempotent requests failed: 502"),
        ([request(100.0, **REFUSED)], "1 idempotent requests failed: ConnectionRefusedError"),
        ([request(100.0, **BROKE_OFF)] * 5, "5 answers were cut off"),
        ([request(100.0, post="7", status=502)] * 50, "50 POSTs failed"),
        ([request(100.0, 119.0)], "119 s is the longest wait"),
        ([request(100.0, attempt=2)] * 100, "of a second's requests were repeated"),
    ],
)
def test_each_bound_is_broken_once(requests: list[Request], said: str) -> None:
    (found,) = wrong(KILL, views=REPLACED, requests=requests)
    assert said in found


def test_what_a_hang_may_cost_a_call_may_not() -> None:
    late = [request(100.0, 3.5, attempt=2), request(100.0, 3.5, post="7", status=502)]
    assert wrong(PAUSE, views=REPLACED, requests=late) == []
    assert len(wrong(ADD, requests=late)) == 3


def test_while_the_edge_is_away_requests_fail_and_before_and_after_they_do_not() -> None:
    lost = [request(100.0 + number / 100, **REFUSED) for number in range(100)]
    assert wrong(EDGE, requests=lost) == []
    assert wrong(EDGE, requests=[request(102.0, **REFUSED)]) == ["1 idempotent requests failed: ConnectionRefusedError"]
    assert "idempotent requests failed while the edge was away" in wrong(EDGE, requests=lost * 3)[0]


def test_an_edge_that_never_comes_back_is_wrong() -> None:
    gone = Done(1, "edge kill -9", begun(takes_edge=True, job=ended(error=AssertionError("the edge serves again"))))
    assert "AssertionError: the edge serves again" in wrong(gone)


def test_a_post_that_was_sent_twice_and_what_was_found_before_are_wrong() -> None:
    found = wrong(ADD, posts_repeated=["17"], wrong=["orphans: ['x']"])
    assert found == ["orphans: ['x']", "POST 17 was sent to more than one server"]


def test_a_refusal_that_no_document_has_is_wrong() -> None:
    (found,) = wrong(Done(1, "/add", begun(call(500, "no"))), ADD)
    assert found.startswith("refused: a call: 500")


def test_times_are_of_an_action_that_was_alone_and_too_late_is_wrong() -> None:
    (result,) = judged(KILL, views=REPLACED)
    assert (result.off_ring, result.whole) == (pytest.approx(0.2), pytest.approx(1.0))
    slow = Views(FULL, View(103.0, replicas=("S2",)), View(114.0, replicas=("S2", "S3"), is_ready=True))
    found = wrong(KILL, views=slow)
    assert [line.partition(",")[0] for line in found] == ["off the ring after 3.00 s", "whole again after 14.00 s"]
    assert [(each.off_ring, each.whole) for each in judged(KILL, ADD, views=slow)] == [(None, None)] * 2


def test_of_several_actions_each_has_its_requests_and_the_last_what_is_wrong() -> None:
    second = Done(2, "docker kill", begun(at=105.0, victim="S2", hit="id2", job=ended()))
    first, last = judged(ADD, second, requests=[request(101.0, attempt=2), request(106.0, status=502)])
    assert (first.counts.repeated, first.counts.failed, first.wrong) == (1, {}, [])
    assert (last.counts.repeated, last.counts.failed) == (0, {"502": 1})
    assert last.wrong == ["1 idempotent requests failed: 502"]


def test_a_fault_that_the_engine_refused_is_told_and_no_failure() -> None:
    void = Done(1, "docker kill", begun(victim="S1", hit="id1", job=ended(error=CannotStrike("busy"))))
    (result,) = judged(void)
    assert (result.wrong, result.says, result.whole, result.is_void) == ([], "said (busy)", None, True)
    assert not judged(KILL, views=REPLACED)[0].is_void


def test_an_action_that_could_not_begin_has_no_times() -> None:
    (result,) = judged(Done(1, "spare killed", begun(did_nothing=True)))
    assert (result.says, result.whole, result.is_void) == ("said", None, True)


def some(action: str, *, void: int = 0, well: int = 0) -> list[Result]:
    (result,) = judged(KILL, views=REPLACED)
    return [replace(result, action=action, is_void=number < void) for number in range(void + well)]


@pytest.mark.parametrize(
    ("results", "said"),
    [
        (some("kill", well=10), []),
        (some("kill", void=2, well=1), []),
        (some("kill", void=3, well=12), []),
        (some("kill", void=3, well=11), ["3 of 14 actions did nothing"]),
        (some("kill", void=200), ["200 of 200 actions did nothing", "no kill did anything"]),
        ([*some("pause", void=3), *some("kill", well=197)], ["no pause did anything"]),
        ([*some("pause", void=3, well=1), *some("kill", well=196)], []),
    ],
)
def test_a_run_of_which_too_much_did_nothing_is_wrong(results: list[Result], said: list[str]) -> None:
    assert too_many_void(results) == said


STATE = FleetState(2, {"strategy": "table"}, [FleetServer("S1", 1, 1), FleetServer("S2", 2, 2)], {"S1": "", "S2": ""})
DEFAULT = FleetState(0, {"strategy": "ring"}, ())


def state(target: int = 2, **differences: Any) -> FleetState:
    usual = {"profile": STATE.profile, "servers": STATE.servers, "environments": STATE.environments, "stage": ""}
    return FleetState(target, **{**usual, **differences})


def found(after: FleetState, *actions: Done) -> list[str]:
    return wrong_state(actions, STATE, after, environments={""}, configured=DEFAULT)[0]


def done(*calls: Any, **facts: Any) -> Done:
    return Done(1, "any", begun(*calls, **facts))


def test_n_is_as_calls_have_left_it() -> None:
    grown = [*STATE.servers, FleetServer("S3", 3, 1)]
    assert found(state(3, servers=grown), ADD) == []
    assert found(state(), ADD) == ["N was 2 and is 2; possible: [3]"]
    assert found(state(3, servers=grown)) == [
        "N was 2 and is 3; possible: [2]",
        "who joined weighs {'S3': 1}; who went weighed []",
    ]


def test_profile_and_weight_are_as_acknowledged() -> None:
    weigh, put = done(call(sets=("S2", 3))), done(call(status=0, sets=(PROFILE, {"strategy": "maglev"})))
    assert found(state(servers=[STATE.servers[0], FleetServer("S2", 2, 3)]), weigh) == []
    assert found(state(), weigh) == ["S2 weighs 2; possible: [3]"]
    assert found(state(profile={"strategy": "maglev"}), put) == []
    assert found(state(profile={"strategy": "ring"}), put) != []


@pytest.mark.parametrize(
    ("stage", "environment", "said"),
    [
        ("done", "17", ""),
        ("done", "", "environments {'S1': ''}"),
        ("rolled back", "", "the deploy ended as rolled back, not as done"),
        ("rolled back", "17", "environments {'S1': '17'}"),
    ],
)
def test_a_deploy_that_nothing_disturbs_gives_all_its_environment(stage: str, environment: str, said: str) -> None:
    deploy = done(call(202, sets=(ENVIRONMENT, "17"), stage="done"))
    lines = found(state(stage=stage, environments={"S1": environment}), deploy)
    assert any(said in line for line in lines) if said else lines == []


def test_a_deploy_beside_other_actions_may_go_back() -> None:
    deploy = done(call(202, sets=(ENVIRONMENT, "17"), stage="done"))
    assert found(state(stage="rolled back"), deploy, KILL) == []


def test_where_the_state_was_lost_the_settings_count_and_environments_are_mixed_from_then_on() -> None:
    lost = done(loses_state=True)
    after = state(
        profile=DEFAULT.profile, servers=[FleetServer("S1", 1, 1), FleetServer("S2", 2, 1)], environments={"S1": "17"}
    )
    lines, possible = wrong_state([lost], STATE, after, environments={"17"}, configured=DEFAULT)
    assert (lines, possible) == ([], {"17", ""})
    assert found(after) != []
