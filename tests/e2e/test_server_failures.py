"""A server fails in one of many ways, under load: no GET fails, N is restored, the others keep their slots."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import pytest
from docker.errors import APIError

from loadtests.faults.bounds import BOUNDS, BUSY, RETRY_BUDGET, exceeded, late
from loadtests.faults.replacements import bare_start
from loadtests.faults.servers import FAULTS, carry_out
from loadtests.faults.watcher import Watcher
from tests.containers import crash, freeze
from tests.e2e.conftest import Measured, N
from tests.e2e.under_load import RATE, load
from tests.http_client import ask
from tests.polling import until
from tests.system import System

pytestmark = [pytest.mark.docker, pytest.mark.terraform]

KINDS = ("docker kill", "docker stop", "docker rm -f", "docker pause", "SIGSTOP")
SLOWER = 3.0
"""How many times as long as `docker run` a replacement may take: 1.24 was measured, and two cores are busy."""
BUSIER = 3
"""How many times as long everything may take beside other tests as on its own machine; `make chaos` is stricter."""
ROOM = 2 * BUSY
"""Seconds that a replacement may take on top: the other data plane's tests may build images meanwhile."""


def strike(system: System, fault: str, hostname: str) -> None:
    carry_out(FAULTS[fault](system, system.containers.server(hostname)))


def without(system: System, *hostnames: str) -> list[str]:
    """The replicas once N of them serve again and none of `hostnames` is among them."""

    def replaced() -> list[str]:
        replicas = system.replicas
        return replicas if len(replicas) == N and not set(replicas) & set(hostnames) else []

    return until(replaced, f"{', '.join(hostnames)} replaced", within=30, pause=0.02)


def survivors_kept_their_slots(before: Sequence[str], after: Sequence[str], survivors: Collection[str]) -> bool:
    return all(now == was for was, now in zip(before, after, strict=True) if was in survivors)


@pytest.mark.parametrize("fault", KINDS)
def test_a_failed_server_is_replaced_and_no_request_fails(system: System, fault: str, measured: Measured) -> None:
    before, slots = system.replicas, system.slot_map
    victim = before[0]
    before_it = bare_start(system, system.containers.server(victim))
    with load(system) as traffic, Watcher(system.control_url, system.authorization) as watcher:
        began = time.monotonic()
        with ThreadPoolExecutor() as pool:
            struck = pool.submit(strike, system, fault, victim)
            after = without(system, victim)
            struck.result()
        off = until(lambda: watcher.left_at(victim, since=began), "it was seen off the ring", within=5)
        whole = until(lambda: watcher.whole_at(since=off), "N servers were seen", within=30)
    bare = max(before_it, bare_start(system, system.containers.server(system.replicas[0])))
    measured(f"off the ring after {off - began:.2f} s, replaced after {whole - began:.2f} s; docker run: {bare:.2f} s")
    measured(str(traffic))
    bounds = replace(BOUNDS[fault], repeated=1.5 / N)
    assert exceeded(traffic.counts, bounds, rate=RATE, posts=0.0) == []
    assert late(bounds, off_ring=(off - began) / BUSIER, whole=(whole - began) / BUSIER) == []
    assert whole - off < SLOWER * bare + ROOM
    *survivors, newcomer = after
    assert survivors == before[1:]
    assert newcomer not in before
    system.wait_until_ready()
    assert survivors_kept_their_slots(slots, system.slot_map, survivors)
    assert system.slot_map.count(newcomer) in (len(slots) // N, len(slots) // N + 1)
    assert system.fleet.replicas == tuple(after)
    until(lambda: system.only_its_fleet_runs, "the failed container is gone", within=15)


def test_a_crash_costs_few_second_attempts(system: System, measured: Measured) -> None:
    victim = system.replicas[0]
    with load(system, post_every=5) as traffic:
        strike(system, "docker kill", victim)
        without(system, victim)
    counts = traffic.counts
    measured(f"{counts.worst_share:.1%} of the requests in the worst second took more than one attempt")
    assert counts.worst_share <= RETRY_BUDGET
    assert (counts.failed, counts.cut) == ({}, 0)


def test_a_server_restarted_by_hand_is_taken_back_or_replaced_and_never_both(system: System) -> None:
    before = system.replicas
    server = system.containers.server(before[0])
    with load(system) as traffic:
        with suppress(APIError):
            server.restart(timeout=10)
        until(lambda: len(system.replicas) == N and system.is_ready, "N servers serve again", within=30)
        until(lambda: system.only_its_fleet_runs, "no container runs beside the fleet", within=15)
    assert traffic.failed == 0, str(traffic)
    assert system.replicas[: N - 1] in (before[1:], before[:-1])
    assert len(system.replicas) == N


def test_a_stopped_server_finishes_the_answers_that_it_has_begun(system: System) -> None:
    """So many that the stopped one is asked, too, and so few that all have threads left for their heartbeats."""
    victim = system.replicas[0]
    with ThreadPoolExecutor(25) as pool:
        answers = [pool.submit(system.get, "/drip?seconds=2") for _ in range(24)]
        system.get("/drip?seconds=0.5")  # it was sent after them: when it has ended, they have begun
        assert not any(answer.done() for answer in answers)
        pool.submit(strike, system, "docker stop", victim)
        without(system, victim)
        ended = [answer.result() for answer in answers]
    assert victim in {answer.headers["X-Served-By"] for answer in ended}
    assert [answer.body for answer in ended if b"10 of 10" not in answer.body] == []


def test_a_post_whose_server_breaks_off_is_not_sent_to_another(system: System) -> None:
    """Frozen, a server takes requests and answers none; then it is killed. GETs are repeated elsewhere."""
    victim = system.replicas[0]
    freeze(system.containers.server(victim))
    with ThreadPoolExecutor(72) as pool:
        posts = [pool.submit(ask, "POST", system.url, "/echo", body=b"x") for _ in range(36)]
        gets = [pool.submit(ask, "GET", system.url, "/echo") for _ in range(36)]
    answers = [post.result() for post in posts]
    assert {get.result().status for get in gets} == {200}
    broken = [answer for answer in answers if answer.status != 200]
    assert Counter(answer.status for answer in broken) == {502: len(broken)}
    assert broken
    assert {answer.body for answer in broken} == {
        b'{"message":"<Error> The server broke off before it answered","status":"failure"}'
    }
    without(system, victim)


@pytest.fixture
def calm(system: System) -> System:
    """A system whose balancer has just started: no failure counts as early then, and a replacement is not put off as
    it is when servers keep failing early."""
    crash(system.containers.balancer)
    until(lambda: not system.is_ready, "the balancer is away", within=5, pause=0.01)
    system.wait_until_ready()
    return system


def test_requests_inside_a_server_that_leaves_the_network_are_answered_by_others(calm: System) -> None:
    """Nobody hangs up on them: that the other side is gone has to be found out, and in seconds."""
    victim = calm.replicas[0]
    network = calm.containers.engine.networks.get(calm.settings.network)
    with ThreadPoolExecutor(12) as pool:
        slow = [pool.submit(calm.get, "/slow?seconds=1") for _ in range(12)]
        time.sleep(0.5)  # they have reached their servers
        began = time.monotonic()
        network.disconnect(calm.containers.server(victim), force=True)
        answers = [request.result() for request in slow]
    assert {answer.status for answer in answers} == {200}
    assert time.monotonic() - began < BOUNDS["network disconnect"].delay + 10
    without(calm, victim)


def test_two_servers_at_once_are_replaced_and_no_request_fails(calm: System) -> None:
    before, slots = calm.replicas, calm.slot_map
    with load(calm) as traffic:
        for victim in before[:2]:
            calm.containers.server(victim).kill()
        after = without(calm, *before[:2])
    assert traffic.failed == 0, str(traffic)
    assert after[0] == before[2]
    calm.wait_until_ready()
    assert survivors_kept_their_slots(slots, calm.slot_map, before[2:])


def test_a_whole_fleet_that_dies_comes_back(calm: System) -> None:
    before = calm.replicas
    for victim in before:
        calm.containers.server(victim).kill()
    assert len(without(calm, *before)) == N
    calm.wait_until_ready()
    assert calm.get("/home").status == 200
    until(lambda: calm.only_its_fleet_runs, "the failed containers are gone", within=15)
