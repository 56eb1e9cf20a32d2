"""Requests that a server breaks off while the fleet changes: they still go to a server that has not had them."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction

import pytest

from balancer.adapters.haproxy.runtime_api import RuntimeApi
from balancer.core.routes import Backend
from tests.contract.haproxy_bench import HaproxyBench
from tests.contract.lab import Lab
from tests.contract.plane_bench import REAL, RealPlaneBench, all_to, dead, nearly_all_to
from tests.fakes.web_server import Exchange, WebServer
from tests.http_client import ask
from tests.polling import until

pytestmark = pytest.mark.docker


@REAL
@pytest.mark.parametrize("bound", [None, Fraction(2)], ids=["unbounded", "bounded"])
@pytest.mark.parametrize("goes", [True, False], ids=["its server goes", "its server becomes the last"])
def test_a_request_goes_on_to_whom_it_has_not_tried_however_the_walk_changed(
    bench: RealPlaneBench, lab: Lab, bound: Fraction | None, goes: bool
) -> None:
    one, two, _ = bench.servers
    got, told = threading.Event(), threading.Event()

    def break_off(exchange: Exchange) -> None:
        got.set()
        exchange.wait(told)
        exchange.break_off()

    with WebServer(break_off, lab.gateway) as server, ThreadPoolExecutor(1) as client:
        breaking = Backend("B1", server.address)
        bench.plane.apply(replace(nearly_all_to(breaking, one, two), bound=bound))
        asked = client.submit(ask, "GET", bench.url, "/home", timeout=10)
        assert got.wait(5)
        bench.plane.apply(replace(nearly_all_to(one, dead(two) if goes else breaking), bound=bound))
        told.set()
        answer = asked.result()
    assert (answer.status, answer.headers.get("X-Served-By")) == (200, "S1"), answer
    assert len(server.received) == 1


def test_the_only_server_of_the_ring_gets_requests_while_its_idle_connections_are_closed(
    haproxy_bench: HaproxyBench,
) -> None:
    """HAProxy has it in maintenance for so long, and another process may be given the processor meanwhile."""
    one, two, _ = haproxy_bench.servers
    haproxy_bench.plane.apply(all_to(one, two))
    runtime = RuntimeApi(haproxy_bench.profile.directory / "runtime.sock")
    runtime.do("set server fleet/S1 state maint")
    try:
        until(lambda: "MAINT" in runtime.ask("show stat fleet 4 -1"), "it is in maintenance", within=5)
        assert haproxy_bench.answers(5) == ["S1"] * 5
    finally:
        runtime.do("set server fleet/S1 state ready")
