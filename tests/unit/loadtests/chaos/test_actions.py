"""An action that has begun: what it waits for, and what its calls may have set."""

from __future__ import annotations

from concurrent.futures import Future
from typing import Any

import pytest

from loadtests.chaos.actions import ApiCall
from loadtests.chaos.expected import ENVIRONMENT, PROFILE
from loadtests.faults.servers import CannotStrike
from loadtests.faults.watcher import View, Views
from tests.http_client import Answer
from tests.unit.loadtests.chaos.some_actions import answer, begun, call, ended

ON_THE_RING = View(0.0, replicas=("S1", "S2"), is_ready=True)
OFF = View(101.0, replicas=("S2",))
BACK = View(102.0, replicas=("S1", "S2"), is_ready=True)
AWAY = View(101.0, is_away=True)


def test_it_waits_for_the_engine_and_for_answers() -> None:
    pending: Future[Any] = Future()
    assert "the engine" in begun(job=pending).missing(Views(ON_THE_RING), [])
    assert "no answer yet: ['a call']" in begun(ApiCall("a call", 1.0, pending)).missing(Views(ON_THE_RING), [])
    assert begun(call(), call(0), job=ended()).missing(Views(ON_THE_RING), []) == ""


def test_it_waits_until_the_victim_was_seen_off_the_ring() -> None:
    hit = begun(victim="S1", hit="id1", job=ended())
    assert hit.missing(Views(ON_THE_RING), ["id1"]) == "S1 is still on the ring"
    assert hit.missing(Views(ON_THE_RING, OFF, BACK), ["id1"]) == ""
    assert hit.missing(Views(ON_THE_RING, AWAY), ["id1"]) == "S1 is still on the ring"


def test_a_victim_whose_container_a_deploy_took_away_or_that_was_not_hit_is_not_waited_for() -> None:
    assert begun(victim="S1", hit="id1", job=ended()).missing(Views(ON_THE_RING), ["id2"]) == ""
    void = begun(victim="S1", hit="id1", job=ended(error=CannotStrike("no")))
    assert void.missing(Views(ON_THE_RING), ["id1"]) == ""
    assert void.is_void


def test_it_waits_until_the_container_of_a_spare_is_gone() -> None:
    hit = begun(hit="id1", job=ended())
    assert hit.missing(Views(ON_THE_RING), ["id1"]) == "the container of the spare is still there"
    assert hit.missing(Views(ON_THE_RING), ["id2"]) == ""
    assert begun(hit="id1", job=ended(error=CannotStrike("no"))).missing(Views(ON_THE_RING), ["id1"]) == ""


def test_what_could_not_begin_and_what_the_engine_refused_did_nothing() -> None:
    assert begun(did_nothing=True).is_void
    assert begun(job=ended(error=CannotStrike("no"))).is_void
    assert not begun(job=ended(error=AssertionError("late"))).is_void
    assert not begun(job=ended()).is_void


def test_it_waits_until_the_balancer_was_seen_to_be_away() -> None:
    assert begun(takes_balancer=True).missing(Views(ON_THE_RING), []) == "the balancer was not seen to be away"
    assert begun(takes_balancer=True).missing(Views(ON_THE_RING, AWAY), []) == ""


def test_an_edge_that_never_came_back_is_away_for_ever() -> None:
    assert begun(takes_edge=True, job=ended(101.5)).edge_back == 101.5
    assert begun(takes_edge=True, job=ended(error=AssertionError("not back"))).edge_back == float("inf")


@pytest.mark.parametrize(
    ("status", "reverts", "written", "until"),
    [(202, False, 202, 101.0), (409, False, 409, 101.0), (0, False, 0, float("inf")), (409, True, 0, 101.0)],
)
def test_a_call_tells_what_it_may_have_set(status: int, reverts: bool, written: int, until: float) -> None:
    write = call(status, sets=(ENVIRONMENT, "17"), reverts=reverts).write
    assert write
    assert (write.what, write.value, write.began, write.ended) == (ENVIRONMENT, "17", 100.0, until)
    assert write.status == written
    assert call().write is None


def test_of_a_ring_profile_its_answer_tells_the_rest() -> None:
    told = Answer(200, answer().headers, b'{"profile":{"strategy":"table","key":"random"}}')
    write = ApiCall("PUT", 1.0, ended((told, 2.0)), sets=(PROFILE, {"strategy": "ring"})).write
    assert write
    assert write.value == {"strategy": "ring", "key": "random"}
