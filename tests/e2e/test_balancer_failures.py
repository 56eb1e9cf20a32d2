"""The balancer dies and comes back: it takes up the fleet it left, and the edge goes on without it."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.containers import crash, run_in
from tests.e2e.conftest import Measured, N, only_haproxy
from tests.e2e.under_load import load
from tests.http_client import Answer, ask
from tests.polling import until
from tests.system import STATE, System

pytestmark = [pytest.mark.docker, pytest.mark.terraform]

AWAY = (
    b'{"message":"<Error> The balancer is away, or busy; the servers are still being served. Try again in a moment",'
    b'"status":"failure"}'
)


def test_after_a_crash_it_serves_the_same_fleet_on_the_same_ring(system: System) -> None:
    system.add(1, ["S21"])
    system.rm(1, ["S21"])
    before, slots = system.standing, system.slot_map
    crash(system.containers.balancer)
    until(lambda: not system.is_ready, "the balancer is away", within=5, pause=0.01)
    system.wait_until_ready()
    assert system.standing == before
    assert system.slot_map == slots
    assert system.get("/home").status == 200


@only_haproxy
def test_a_crash_of_the_balancer_stops_no_traffic(system: System, measured: Measured) -> None:
    before = system.standing
    with load(system) as traffic:
        began = time.monotonic()
        crash(system.containers.balancer)
        away: Answer = until(lambda: _refused_rep(system), "/rep says so", within=5, pause=0.01)
        until(lambda: system.replicas, "the balancer is back", within=30, pause=0.02)
        measured(f"the balancer was back after {time.monotonic() - began:.2f} s")
        system.wait_until_ready()
    measured(str(traffic))
    assert traffic.failed == 0, str(traffic)
    assert (away.status, away.headers["Content-Type"], away.body) == (503, "application/json", AWAY)
    assert system.standing == before


@only_haproxy
def test_while_the_balancer_is_away_servers_serve_one_may_die_and_control_endpoints_say_so(system: System) -> None:
    balancer = system.containers.balancer
    victim, server = next(iter(system.containers.servers.items()))
    balancer.stop()
    try:
        with load(system) as traffic:
            for method, path in [("GET", "/rep"), ("POST", "/add"), ("DELETE", "/rm")]:
                answer = ask(method, system.url, path, body=b'{"n":1}')
                assert (answer.status, answer.headers["Content-Type"], answer.body) == (503, "application/json", AWAY)
            server.kill()
    finally:
        balancer.start()
    assert traffic.failed == 0, str(traffic)
    until(lambda: victim not in system.replicas and len(system.replicas) == N, "it is replaced", within=30)
    system.wait_until_ready()
    assert system.only_its_fleet_runs


def test_an_add_that_the_crash_cuts_off_is_undone(system: System) -> None:
    before = system.standing
    with ThreadPoolExecutor() as pool:
        change = pool.submit(_change_and_expect_anything, system, "add", 3, ["S51", "S52", "S53"])
        until(lambda: set(system.containers.servers) - set(before.replicas), "one is started", within=20, pause=0.01)
        crash(system.containers.balancer)
        change.result()
    until(lambda: system.replicas, "the balancer is back", within=30)
    system.wait_until_ready()
    until(lambda: system.only_its_fleet_runs, "no orphan is left", within=20)
    assert system.standing == before


def test_a_removal_that_the_crash_cuts_off_is_finished(system: System) -> None:
    leaving = system.replicas[0]
    with ThreadPoolExecutor() as pool:
        slow = [pool.submit(_get_and_expect_anything, system, "/slow?seconds=2") for _ in range(6)]
        change = pool.submit(_change_and_expect_anything, system, "rm", 1, [leaving])
        until(lambda: leaving not in system.slot_map, "it is off the ring", within=10, pause=0.02)
        crash(system.containers.balancer)
        change.result()
        for request in slow:
            request.result()
    until(lambda: len(system.replicas) == N - 1, "the balancer is back", within=30)
    until(lambda: leaving not in system.containers.servers, "the removal is finished", within=30)
    system.wait_until_ready()
    assert system.only_its_fleet_runs
    assert leaving not in system.replicas


def test_with_its_state_lost_it_takes_up_the_servers_and_gives_no_ring_id_a_second_time(system: System) -> None:
    """The ring ids have gaps, so that their number says nothing of the largest one."""
    assert system.add(3, ["S61", "S62", "S63"]).status == 200
    assert system.rm(2, [system.replicas[0], "S62"]).status == 200
    before, ring_ids = system.standing, _ring_ids(system)
    assert len(ring_ids) < max(ring_ids.values()) - min(ring_ids.values()) + 1, f"no gaps in {ring_ids}"
    run_in(system.containers.balancer, "sh", "-c", f"rm {STATE} {STATE}.last")
    crash(system.containers.balancer)
    until(lambda: not system.is_ready, "the balancer is away", within=5, pause=0.01)
    system.wait_until_ready()
    (restored,) = system.operate("GET", "/events?kind=restored").document["events"]
    assert restored["reason"] == "the containers that run"
    after = system.standing
    assert (set(after.replicas), after.target, after.runs) == (set(before.replicas), before.target, before.runs)
    assert _ring_ids(system) == ring_ids
    assert set(system.slot_map) == set(after.replicas)
    assert system.add(2, ["S64", "S65"]).status == 200
    given = {name: ring_id for name, ring_id in _ring_ids(system).items() if name not in ring_ids}
    assert given == {"S64": max(ring_ids.values()) + 1, "S65": max(ring_ids.values()) + 2}


def _ring_ids(system: System) -> dict[str, int]:
    return {server.hostname: server.ring_id for server in system.fleet.servers}


def _refused_rep(system: System) -> Answer | None:
    try:
        answer = system.rep()
    except OSError:
        return None  # it had begun when the balancer died
    return answer if answer.status == 503 else None


def _change_and_expect_anything(system: System, change: str, n: int, hostnames: list[str]) -> None:
    try:
        getattr(system, change)(n, hostnames)
    except OSError:
        return  # the flask plane's clients lose their connection


def _get_and_expect_anything(system: System, path: str) -> None:
    try:
        system.get(path)
    except OSError:
        return
