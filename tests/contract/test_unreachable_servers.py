"""Servers that refuse connections: how often they are asked, and when again."""

from __future__ import annotations

import csv
from concurrent.futures import ThreadPoolExecutor

import pytest

from balancer.adapters.haproxy.runtime_api import RuntimeApi
from tests.contract.haproxy_bench import HaproxyBench
from tests.contract.plane_bench import REAL, RealPlaneBench, all_to, dead, nearly_all_to
from tests.http_client import ask
from tests.polling import until

METHODS = pytest.mark.parametrize("method", ["GET", "POST"])


def attempts(bench: RealPlaneBench, method: str, count: int) -> list[int]:
    """How many attempts each of so many requests took."""
    answers = [ask(method, bench.url, "/echo", body=b"x" if method == "POST" else None) for _ in range(count)]
    assert {answer.status for answer in answers} == {200}
    return [int(answer.headers["X-Ring-Attempt"]) for answer in answers]


@REAL
@METHODS
def test_not_every_request_finds_out_for_itself(bench: RealPlaneBench, method: str) -> None:
    """All slots belong to a server that refuses: a few requests in a row are repeated, and then one now and then."""
    one, two, three = bench.servers
    bench.plane.apply(nearly_all_to(dead(one), two, three))
    taken = attempts(bench, method, 40)
    assert taken[0] == 2
    assert sum(taken) - len(taken) <= 10


@REAL
def test_a_server_that_can_be_reached_again_gets_its_requests(bench: RealPlaneBench) -> None:
    one, two, _ = bench.servers
    bench.plane.apply(nearly_all_to(dead(one), two))
    attempts(bench, "GET", 5)
    bench.plane.apply(nearly_all_to(one, two))
    until(lambda: bench.answers(1) == ["S1"], "S1 is asked again", within=5)
    assert bench.answers(10) == ["S1"] * 10


@REAL
def test_where_all_refuse_an_error_comes_in_the_end(bench: RealPlaneBench) -> None:
    """The edge asks four times, with a quarter of a second between, as long as it knows nobody better."""
    bench.plane.apply(all_to(*map(dead, bench.servers)))
    with ThreadPoolExecutor() as pool:
        asked = [pool.submit(ask, "GET", bench.url, "/home", timeout=10) for _ in range(10)]
    assert {answer.result().status for answer in asked} <= {502, 503}


def all_are_down(runtime: RuntimeApi, *names: str) -> bool:
    for name in names:
        runtime.do(f"disable health fleet/{name}")
        runtime.do(f"set server fleet/{name} health down")
    rows = runtime.ask("show stat fleet 4 -1").removeprefix("# ").splitlines()
    return {row["status"] for row in csv.DictReader(rows) if row["svname"] in names} == {"DOWN"}


@pytest.mark.docker
def test_where_the_edge_takes_all_servers_for_dead_it_asks_them_all_the_same(haproxy_bench: HaproxyBench) -> None:
    one, two, _ = haproxy_bench.servers
    haproxy_bench.plane.apply(all_to(two, one))
    runtime = RuntimeApi(haproxy_bench.profile.directory / "runtime.sock")
    until(lambda: all_are_down(runtime, "S1", "S2"), "both are down, whatever a check on its way says", within=5)
    assert haproxy_bench.answers(10) == ["S2"] * 10
