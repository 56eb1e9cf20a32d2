"""Servers that handle one connection at a time: busy is not hung, and what hangs is found. The tests tell a story."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from loadtests.faults.bounds import BUSY, HANG_TIMEOUT
from loadtests.faults.changes import slow_requests
from loadtests.traffic import KEY
from tests.deployment import Deployment
from tests.e2e.conftest import Measured, N
from tests.e2e.keyed import KEYED, foretold, keys
from tests.http_client import Answer, ask
from tests.own_image import stranger_image
from tests.polling import until

pytestmark = [pytest.mark.docker, pytest.mark.terraform]

CLOSING = {"THREADS": "one", "PROTOCOL": "HTTP/1.0"}
KEEPING = {"THREADS": "one", "PROTOCOL": "HTTP/1.1"}
SILENT_WITHIN = 0.8 + BUSY
STARTS = 8.0


@pytest.fixture(scope="module")
def busy(plane: str) -> Iterator[Deployment]:
    with (
        stranger_image(f"ringmaster-test-busy-{plane}:1") as image,
        Deployment(
            data_plane=plane,
            replicas=N,
            server_image=image,
            server_port=8080,
            heartbeat_path="/healthz",
            server_environment=CLOSING,
            ring={"key": KEYED},
        ) as deployment,
    ):
        yield deployment


def containers(system: Deployment) -> set[str]:
    return {str(container.id) for container in system.containers.of("server")}


def kinds(system: Deployment, since: int) -> dict[str, str]:
    """kind → the last reason of the events after event number `since`."""
    events = system.operate("GET", f"/events?since={since}&limit=1000").document["events"]
    return {event["kind"]: event["reason"] for event in events}


def last_event(system: Deployment) -> int:
    events = system.operate("GET", "/events?limit=1").document["events"]
    return int(events[-1]["number"]) if events else 0


def states(system: Deployment) -> list[str]:
    """None where the balancer is held up."""
    answer = system.ring()
    return [server["state"] for server in answer.document["servers"]] if answer.status == 200 else []


@contextmanager
def nobody_is_killed(system: Deployment) -> Iterator[int]:
    """Gives the number of the last event before. All servers serve at the end, and they are the same ones."""
    system.wait_until_ready()
    before, since = containers(system), last_event(system)
    yield since
    until(lambda: states(system) == ["serving"] * len(before), "all serve again", within=20)
    system.wait_until_ready()
    assert containers(system) == before
    assert not {"failed", "fenced"} & kinds(system, since).keys()


def post(system: Deployment, path: str) -> Answer:
    return ask("POST", system.url, path, body=b"", timeout=60)


def replaced(system: Deployment, before: set[str]) -> bool:
    return len(containers(system) - before) == 1 and len(containers(system)) == len(before) and system.is_ready


def test_one_slow_request_is_work(busy: Deployment) -> None:
    with nobody_is_killed(busy) as since, ThreadPoolExecutor() as clients:
        slow = clients.submit(busy.get, "/slow?seconds=5", timeout=30)
        until(lambda: "silent" in states(busy), "a server is silent", within=SILENT_WITHIN + 1, pause=0.02)
        report = busy.readyz()
        assert (report.status, len(report.document["silent"]), report.document["N"]) == (200, 1, N)
        [silent] = report.document["silent"]
        answers = [busy.get("/") for _ in range(50)]
        assert not slow.done()
        assert {answer.status for answer in answers} == {200}
        assert silent.encode() not in {answer.body for answer in answers}
        assert (slow.result().status, slow.result().body) == (200, silent.encode())
        until(lambda: "back" in kinds(busy, since), "it is back", within=3)


def test_a_server_that_works_on_for_a_client_that_has_left_is_busy(busy: Deployment) -> None:
    with nobody_is_killed(busy) as since:
        with pytest.raises(TimeoutError):
            busy.get("/slow?seconds=5", timeout=0.4)
        until(lambda: "silent" in kinds(busy, since), "it is silent", within=SILENT_WITHIN + 1)
        until(lambda: "back" in kinds(busy, since), "it is back", within=8)


def test_where_most_work_on_slow_requests_all_stay_on_the_ring(busy: Deployment) -> None:
    """Each works on four, one after another, which is longer than the hang timeout."""
    places = foretold(busy, keys(60))
    chosen = [[key for key, place in places.items() if place.server == name][:4] for name in busy.replicas]
    assert [len(some) for some in chosen] == [4] * N
    with nobody_is_killed(busy) as since, ThreadPoolExecutor(4 * N) as clients:
        slow = [
            clients.submit(busy.get, "/slow?seconds=3", headers={KEY: key}, timeout=60)
            for some in chosen
            for key in some
        ]
        assert {answer.result().status for answer in slow} == {200}
        assert {answer.result().body for answer in slow} == {name.encode() for name in busy.replicas}
        assert "miss their heartbeats at once" in kinds(busy, since).get("ailing", "")


def test_a_deadlock_with_an_open_request_is_found(busy: Deployment, measured: Measured) -> None:
    before = containers(busy)
    began = time.monotonic()
    answer = post(busy, "/deadlock")
    seconds = time.monotonic() - began
    measured(f"a deadlock with an open request was broken off after {seconds:.2f} s")
    assert answer.status == 502
    assert HANG_TIMEOUT - 1 <= seconds < 2 * HANG_TIMEOUT
    until(lambda: replaced(busy, before), "it is replaced", within=STARTS)


def test_a_deadlock_with_nothing_in_flight_is_found_much_sooner(busy: Deployment, measured: Measured) -> None:
    before, since = containers(busy), last_event(busy)
    began = time.monotonic()
    assert post(busy, "/deadlock?answer=yes").status == 200
    until(lambda: "fenced" in kinds(busy, since), "it is killed", within=10, pause=0.02)
    seconds = time.monotonic() - began
    measured(f"a deadlock with nothing in flight was killed after {seconds:.2f} s")
    assert seconds < HANG_TIMEOUT - 1
    until(lambda: replaced(busy, before), "it is replaced", within=STARTS)


def test_slow_requests_mixed_into_a_load_cost_nothing(busy: Deployment) -> None:
    """The short form of `make busy`."""
    busy.wait_until_ready()
    assert slow_requests(busy, seconds=15, rate=20)


def test_a_server_that_idle_connections_block_lives(busy: Deployment) -> None:
    assert busy.deploy({"environment": KEEPING}).status == 202
    until(lambda: busy.stage == "done", "the deploy is done", within=60)
    with nobody_is_killed(busy) as since:
        answers = []
        for _ in range(12):
            answers.append(busy.get("/", timeout=30))
            time.sleep(0.4)
        assert {answer.status for answer in answers} == {200}
        told = kinds(busy, since)
        assert not told.keys() & {"silent", "ailing"} or "server_keep_alive" in str(told)


def test_the_only_server_may_work_on_a_slow_request(busy: Deployment) -> None:
    assert busy.deploy({"environment": CLOSING}).status == 202
    until(lambda: busy.stage == "done", "the deploy is done", within=60)
    assert busy.rm(N - 1).status == 200
    with nobody_is_killed(busy) as since:
        assert busy.get("/slow?seconds=5", timeout=30).status == 200
        assert "1 servers" in kinds(busy, since).get("ailing", "")


def test_the_only_server_is_replaced_when_it_hangs(busy: Deployment) -> None:
    busy.wait_until_ready()
    before = containers(busy)
    began = time.monotonic()
    assert post(busy, "/deadlock").status == 502
    assert time.monotonic() - began < 2 * HANG_TIMEOUT
    until(lambda: not containers(busy) & before and busy.is_ready, "it is replaced", within=STARTS)
    until(lambda: busy.get("/").status == 200, "the next one answers", within=2)
