"""What every DataPlane promises: HAProxy, the balancer's own forwarder and the one in memory alike."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction
from http.client import HTTPConnection
from typing import Any

import pytest

from balancer.core.activity import IDLE
from balancer.core.errors import PlaneUnavailable
from balancer.core.key_source import KeySource
from balancer.core.load import Load
from balancer.core.request_hash import REQUEST_HASHES
from balancer.core.response_readings import ENOUGH
from balancer.core.routes import Routes
from balancer.ports.data_plane import DataPlane
from tests.contract.plane_bench import (
    NOTHING,
    REAL,
    REMOTE,
    SHARES,
    SLOTS,
    PlaneBench,
    RealPlaneBench,
    RemotePlaneBench,
    all_to,
    dead,
    with_slots,
)
from tests.http_client import ask
from tests.in_flight import in_flight
from tests.polling import until


def test_it_obeys_what_was_applied(bench: PlaneBench) -> None:
    routes = all_to(*bench.servers)
    assert not bench.plane.in_step(routes)
    bench.plane.apply(routes)
    assert bench.plane.in_step(routes)
    assert not bench.plane.in_step(NOTHING)


@pytest.mark.parametrize(
    "part",
    ["slots", "M", "address", "draining", "weight", "request hash", "key", "bound", "a server more", "a server less"],
)
def test_it_tells_routes_apart(bench: PlaneBench, part: str) -> None:
    one, two, three = bench.servers
    routes = all_to(one, two)
    other = {
        "slots": all_to(two, one),
        "M": with_slots((one.instance,) * (2 * SLOTS), (one, two)),
        "address": all_to(one, replace(two, address=three.address)),
        "draining": all_to(one, replace(two, draining=True)),
        "weight": all_to(one, replace(two, weight=2)),
        "request hash": replace(routes, request_hash=REQUEST_HASHES["sha256"]),
        "key": replace(routes, key=KeySource("path")),
        "bound": replace(routes, bound=Fraction(5, 4)),
        "a server more": all_to(one, two, three),
        "a server less": all_to(one),
    }[part]
    bench.plane.apply(routes)
    assert not bench.plane.in_step(other)
    bench.plane.apply(other)
    assert bench.plane.in_step(other)
    assert not bench.plane.in_step(routes)


def test_every_request_goes_where_its_slot_says(bench: PlaneBench) -> None:
    """Requests reach only some of the slots: these belong to S1, and then to S2."""
    one, two, three = bench.servers
    for owner, other in ((one, two), (two, one)):
        slots = tuple(owner.instance if SHARES[slot] else other.instance for slot in range(SLOTS))
        bench.plane.apply(with_slots(slots, (one, two, three)))
        assert set(bench.answers(50)) == {owner.instance}


def test_the_servers_shares_are_those_of_their_slots(bench: PlaneBench) -> None:
    names = [server.instance for server in bench.servers]
    slots = tuple(names[slot * 3 // SLOTS] for slot in range(SLOTS))
    bench.plane.apply(with_slots(slots, bench.servers))
    count = 400
    answered = Counter(bench.answers(count))
    assert set(answered) <= set(names)
    for name in names:
        share = sum(SHARES[slot] for slot in range(SLOTS) if slots[slot] == name)
        deviation = (count * share * (1 - share)) ** 0.5
        assert abs(answered[name] - count * share) <= 5 * deviation, (answered, share)


def test_changed_routes_hold_from_the_very_next_request_on(bench: PlaneBench) -> None:
    one, two, three = bench.servers
    for _ in range(5):
        for owner, *others in ((one, two, three), (two, three, one), (three, one, two)):
            bench.plane.apply(all_to(owner, *others))
            assert bench.answers(3) == [owner.instance] * 3


def test_nobody_answers_for_an_empty_fleet(bench: PlaneBench) -> None:
    bench.plane.apply(all_to(*bench.servers))
    bench.plane.apply(NOTHING)
    assert bench.plane.in_step(NOTHING)
    assert bench.answers(3) == ["", "", ""]


def test_applying_again_changes_nothing(bench: PlaneBench) -> None:
    one, two, three = bench.servers
    routes = all_to(one, two, three)
    bench.plane.apply(routes)
    with bench.held("S1"):
        for _ in range(3):
            bench.plane.apply(routes)
            assert bench.plane.in_step(routes)
            assert in_flight(bench.plane, "S1") == 1
        assert set(bench.answers(10)) == {"S1"}


def test_in_flight_counts_each_servers_own_requests(bench: PlaneBench) -> None:
    one, two, three = bench.servers
    bench.plane.apply(all_to(one, two, three))
    with bench.held("S1"):
        bench.plane.apply(all_to(two, one, three))
        with bench.held("S2"):
            assert [in_flight(bench.plane, name) for name in ("S1", "S2", "S3")] == [1, 1, 0]
        until(lambda: in_flight(bench.plane, "S2") == 0, "S2 has answered", within=2)
        assert in_flight(bench.plane, "S1") == 1
    until(lambda: in_flight(bench.plane, "S1") == 0, "S1 has answered", within=2)


def test_nothing_is_in_flight_at_a_server_that_nobody_knows(bench: PlaneBench) -> None:
    assert in_flight(bench.plane, "S9") == 0


def test_every_response_of_a_server_is_progress_of_this_server(bench: PlaneBench) -> None:
    one, two, _ = bench.servers
    bench.plane.apply(all_to(one, two))
    bench.answers(1)
    before = until(lambda: bench.plane.activity().get("S1"), "S1 is known", within=2)
    others = bench.plane.activity().get("S2", IDLE)
    bench.answers(3)
    until(lambda: bench.plane.activity()["S1"].given > before.given, "its responses are counted", within=2)
    assert bench.plane.activity().get("S2", IDLE) == others


@REAL
def test_bytes_that_move_while_a_request_runs_are_progress(bench: RealPlaneBench) -> None:
    """HAProxy counts them every 5 s."""
    one, two, _ = bench.servers
    bench.plane.apply(all_to(one, two))
    bench.answers(1)
    with ThreadPoolExecutor() as clients, bench.held("S1"):
        drip = clients.submit(ask, "GET", bench.url, "/drip?seconds=9", timeout=20)
        until(lambda: in_flight(bench.plane, "S1") == 2, "both are in flight", within=2)
        before = bench.plane.activity()["S1"]
        until(lambda: bench.plane.activity()["S1"].given > before.given, "bytes have come", within=8)
        assert in_flight(bench.plane, "S1") == 2
        until(lambda: bench.plane.activity()["S1"].taken > 10_000, "bytes have gone", within=8)
    assert drip.result().status == 200


@REAL
def test_a_request_whose_client_leaves_before_the_response_is_given_up(bench: RealPlaneBench) -> None:
    one, two, _ = bench.servers
    bench.plane.apply(all_to(one, two))
    client = HTTPConnection(bench.url.removeprefix("http://"), timeout=10)
    client.request("GET", "/slow?seconds=3")
    until(lambda: in_flight(bench.plane, "S1") == 1, "it is in flight", within=2)
    before = bench.plane.activity()["S1"].given_up
    client.close()
    until(lambda: bench.plane.activity()["S1"].given_up == before + 1, "it is given up", within=2)
    assert in_flight(bench.plane, "S1") == 0


def test_closing_what_is_idle_disturbs_nothing(bench: PlaneBench) -> None:
    one, two, three = bench.servers
    routes = all_to(one, two, replace(three, draining=True))
    bench.plane.apply(routes)
    bench.answers(3)
    with bench.held("S1"):
        for name in ("S1", "S3", "S9"):
            bench.plane.close_idle(name)
        assert in_flight(bench.plane, "S1") == 1
        assert bench.plane.in_step(routes)
        assert bench.answers(5) == ["S1"] * 5
    assert bench.plane.in_step(routes)


@REAL
def test_requests_that_run_meanwhile_do_not_notice_that_idle_connections_are_closed(bench: RealPlaneBench) -> None:
    one, two, _ = bench.servers
    bench.plane.apply(all_to(one, two))
    with ThreadPoolExecutor() as clients:
        asked = [clients.submit(bench.answers, 40) for _ in range(4)]
        while not all(answers.done() for answers in asked):
            bench.plane.close_idle("S1")
            time.sleep(0.01)
    answers = [name for task in asked for name in task.result()]
    assert "" not in answers


def test_the_load_is_what_all_servers_have_in_flight(bench: PlaneBench) -> None:
    one, two, three = bench.servers
    bench.plane.apply(all_to(one, two, three))
    with bench.held("S1"):
        bench.plane.apply(all_to(two, three, replace(one, draining=True)))
        with bench.held("S2"), bench.held("S2", nth=2):
            assert bench.plane.load().in_flight == 3
        until(lambda: bench.plane.load().in_flight == 1, "S2 has answered", within=2)
    until(lambda: bench.plane.load().in_flight == 0, "S1 has answered", within=2)


@pytest.mark.parametrize("seconds", [0.05, 0.15])
def test_the_latency_is_the_mean_of_recent_response_times(bench: PlaneBench, seconds: float) -> None:
    bench.plane.apply(all_to(*bench.servers))
    assert bench.plane.load() == Load(0, 0.0)
    few = bench.wait_for(seconds, requests=10)
    assert bench.plane.load().latency == 0, "ten say too little"
    many = bench.wait_for(seconds, requests=ENOUGH)
    assert seconds - 0.02 <= bench.plane.load().latency <= max(few, many) + 0.02


def test_a_draining_server_gets_nothing_new_and_finishes_what_it_has(bench: PlaneBench) -> None:
    one, two, three = bench.servers
    bench.plane.apply(all_to(one, two, three))
    draining = all_to(two, replace(one, draining=True), three)
    with bench.held("S1"):
        bench.plane.apply(draining)
        assert bench.plane.in_step(draining)
        assert set(bench.answers(30)) == {"S2"}
        assert in_flight(bench.plane, "S1") == 1
    until(lambda: in_flight(bench.plane, "S1") == 0, "S1 has finished", within=2)
    bench.plane.apply(all_to(two, three))
    assert bench.plane.in_step(all_to(two, three))


def test_a_draining_server_that_comes_back_gets_requests_again(bench: PlaneBench) -> None:
    one, two, _ = bench.servers
    bench.plane.apply(all_to(one, two))
    bench.plane.apply(all_to(two, replace(one, draining=True)))
    bench.plane.apply(all_to(one, two))
    assert set(bench.answers(10)) == {"S1"}


def test_a_server_that_is_removed_while_it_answers_finishes_and_then_is_gone(bench: PlaneBench) -> None:
    one, two, _ = bench.servers
    bench.plane.apply(all_to(one, two))
    with bench.held("S1"):
        bench.plane.apply(all_to(two))
        assert set(bench.answers(30)) == {"S2"}
    _reconcile(bench.plane, all_to(two))
    assert in_flight(bench.plane, "S1") == 0


def test_a_server_that_was_removed_while_it_answered_may_come_back(bench: PlaneBench) -> None:
    one, two, _ = bench.servers
    bench.plane.apply(all_to(one, two))
    with bench.held("S1"):
        bench.plane.apply(all_to(two))
        bench.plane.apply(all_to(one, two))
        assert bench.plane.in_step(all_to(one, two))
        assert set(bench.answers(10)) == {"S1"}


def test_a_name_may_get_another_address(bench: PlaneBench) -> None:
    """A server that somebody restarted by hand; or a new one with the name of one that is gone."""
    one, two, three = bench.servers
    nowhere = replace(dead(three), instance="S1")
    bench.plane.apply(all_to(nowhere, two))
    bench.plane.apply(all_to(one, two))
    assert bench.plane.in_step(all_to(one, two))
    assert set(bench.answers(10)) == {"S1"}


EVERY_CALL: tuple[Callable[[DataPlane, Routes], object], ...] = (
    lambda plane, routes: plane.apply(routes),
    lambda plane, routes: plane.in_step(routes),
    lambda plane, _: plane.activity(),
    lambda plane, _: plane.close_idle("S1"),
    lambda plane, _: plane.load(),
    lambda plane, _: plane.keyless(),
)


def test_a_server_of_weight_0_gets_nothing(bench: PlaneBench) -> None:
    one, two, _ = bench.servers
    bench.plane.apply(all_to(two, replace(one, weight=0)))
    assert bench.answers(20) == ["S2"] * 20


def test_where_only_servers_that_must_get_nothing_are_left_nobody_answers(bench: PlaneBench) -> None:
    one, two, _ = bench.servers
    bench.plane.apply(all_to(two, one))
    bench.plane.apply(with_slots(("",) * SLOTS, (replace(one, weight=0), replace(two, draining=True))))
    assert bench.answers(5) == [""] * 5


@REAL
@pytest.mark.parametrize("without", [{"draining": True}, {"weight": 0}])
def test_who_must_get_nothing_gets_nothing_in_the_place_of_one_that_is_dead_either(
    bench: PlaneBench, without: dict[str, Any]
) -> None:
    one, two, three = bench.servers
    gone = dead(three)
    slots = (gone.instance,) * (SLOTS - 1) + (two.instance,)
    bench.plane.apply(all_to(one, two))
    bench.plane.apply(with_slots(slots, (gone, replace(one, **without), two)))
    assert bench.answers(20) == ["S2"] * 20


@REMOTE
def test_every_call_says_when_the_plane_is_away(bench: RemotePlaneBench) -> None:
    routes = all_to(*bench.servers)
    bench.plane.apply(routes)
    with bench.away():
        for call in EVERY_CALL:
            with pytest.raises(PlaneUnavailable):
                call(bench.plane, routes)
    _reconcile(bench.plane, routes)
    assert set(bench.answers(10)) == {"S1"}


def _reconcile(plane: DataPlane, routes: Routes) -> None:
    """What the reconciler does until there is nothing left to do."""
    until(lambda: _step(plane, routes), "the plane is in step", within=5)


def _step(plane: DataPlane, routes: Routes) -> bool:
    if not plane.in_step(routes):
        plane.apply(routes)
    return plane.in_step(routes)
