"""Bounded load at the edge, beside what every data plane promises of it: requests at once, and ends of all kinds."""

from __future__ import annotations

import re
import socket
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction

import pytest

from balancer.adapters.haproxy.runtime_api import RuntimeApi
from balancer.core import bounded_load
from balancer.core.routes import Backend, Routes
from tests.contract.haproxy_bench import HaproxyBench
from tests.contract.lab import PORT
from tests.contract.plane_bench import all_to, dead
from tests.http_client import ask
from tests.polling import until

pytestmark = pytest.mark.docker

BOUND = Fraction(5, 4)
AT_ONCE = 30
THREADS = 2
"""Of HAProxy: so many requests may look at the same counts before one of them is counted itself."""


def bounded(*servers: Backend) -> Routes:
    """The first server owns every slot but two, so that the others are in its walks."""
    routes = all_to(*servers)
    slots = (*routes.slots[: -len(servers) + 1], *(server.instance for server in servers[1:]))
    return replace(routes, slots=slots, bound=BOUND)


def test_requests_at_once_share_the_servers(haproxy_bench: HaproxyBench) -> None:
    """They take so long that the last one comes before the first one ends, on a busy machine too."""
    haproxy_bench.plane.apply(bounded(*haproxy_bench.servers))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda _: ask("GET", haproxy_bench.url, "/slow?seconds=2"), range(AT_ONCE)))
    assert [answer.status for answer in answers] == [200] * AT_ONCE
    counts = Counter(answer.headers["X-Served-By"] for answer in answers)
    cap = bounded_load.cap(BOUND, weight=1, total_weight=3, in_flight=AT_ONCE - 1)
    assert max(counts.values()) <= cap + THREADS - 1, counts


def test_what_has_ended_in_whatever_way_is_not_in_flight_any_more(haproxy_bench: HaproxyBench) -> None:
    one, two, _ = haproxy_bench.servers
    gone = replace(dead(two), instance="dead")
    haproxy_bench.plane.apply(bounded(one, two))
    assert [ask("GET", haproxy_bench.url, path).status for path in ("/home", "/nowhere")] == [200, 404]
    with haproxy_bench.held("S1", "S2"):
        assert sum(in_flight(haproxy_bench).values()) == 1
    hang_up(haproxy_bench)
    haproxy_bench.plane.apply(replace(all_to(gone), bound=BOUND))
    assert ask("POST", haproxy_bench.url, "/home", body=b"x").status == 503
    haproxy_bench.plane.apply(bounded(gone, one))
    assert ask("GET", haproxy_bench.url, "/home").headers["X-Served-By"] == "S1"
    assert in_flight(haproxy_bench).keys() >= {"S1", "dead"}
    until(lambda: not any(in_flight(haproxy_bench).values()), "nothing is in flight", within=5)


def hang_up(bench: HaproxyBench) -> None:
    """In the midst of a request."""
    with socket.create_connection((bench.host, PORT), timeout=10) as connection:
        connection.sendall(b"POST /echo HTTP/1.1\r\nHost: edge\r\nContent-Length: 50000\r\n\r\n" + b"-" * 30_000)
        until(lambda: any(in_flight(bench).values()), "it is in flight", within=5)


def in_flight(bench: HaproxyBench) -> dict[str, int]:
    """What the edge itself counts."""
    table = RuntimeApi(bench.profile.directory / "runtime.sock").ask("show table in_flight")
    return {name: int(count) for name, count in re.findall(r"key=(\S+) .*conn_cur=(\d+)", table)}
