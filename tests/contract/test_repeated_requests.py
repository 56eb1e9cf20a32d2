"""Requests that a server breaks off while the fleet changes: they still go to a server that has not had them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction

import pytest

from balancer.adapters.haproxy.runtime_api import RuntimeApi
from balancer.core.routes import Backend
from tests.contract.haproxy_bench import HaproxyBench
from tests.contract.lab import Lab
from tests.contract.plane_bench import REAL, RealPlaneBench, all_to, nearly_all_to
from tests.contract.test_unreachable_servers import dead
from tests.fakes.web_server import Exchange, WebServer
from tests.http_client import ask
from tests.polling import until

pytestmark = pytest.mark.docker


class BreaksOff:
    """A server that has `got` its only request, and breaks it off when it is told to. It refuses the next ones."""

    def __init__(self, host: str) -> None:
        self.got, self._told = threading.Event(), threading.Event()
        self._server = WebServer(self._answer, host)

    @contextmanager
    def backend(self, name: str) -> Iterator[Backend]:
        with self._server:
            yield Backend(name, self._server.address)

    def break_off(self) -> None:
        self._told.set()

    def requests(self) -> int:
        return len(self._server.received)

    def _answer(self, exchange: Exchange) -> None:
        self.got.set()
        exchange.wait(self._told)
        exchange.break_off()


@REAL
@pytest.mark.parametrize("bound", [None, Fraction(2)], ids=["unbounded", "bounded"])
@pytest.mark.parametrize("goes", [True, False], ids=["its server goes", "its server becomes the last"])
def test_a_request_goes_on_to_whom_it_has_not_tried_however_the_walk_changed(
    bench: RealPlaneBench, lab: Lab, bound: Fraction | None, goes: bool
) -> None:
    one, two, _ = bench.servers
    server = BreaksOff(lab.gateway)
    with server.backend("B1") as breaking, ThreadPoolExecutor(1) as client:
        bench.plane.apply(replace(nearly_all_to(breaking, one, two), bound=bound))
        asked = client.submit(ask, "GET", bench.url, "/home", timeout=10)
        assert server.got.wait(5)
        bench.plane.apply(replace(nearly_all_to(one, dead(two) if goes else breaking), bound=bound))
        server.break_off()
        answer = asked.result()
    assert (answer.status, answer.headers.get("X-Served-By")) == (200, "S1"), answer
    assert server.requests() == 1


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
