"""What the edge does against too many requests and too many connections."""

from __future__ import annotations

import csv
import json
import socket
from contextlib import ExitStack
from http.client import HTTPConnection

import pytest

from balancer.adapters.haproxy.runtime_api import RuntimeApi
from balancer.core.key_source import KeySource
from balancer.core.rate_limit import RateLimit
from balancer.core.routes import Backend
from balancer.ports import answers
from tests.contract.haproxy_bench import HaproxyBench
from tests.contract.lab import PORT
from tests.contract.plane_bench import all_to, nearly_all_to, with_slots
from tests.http_client import Answer, ask
from tests.polling import until

pytestmark = pytest.mark.docker

LIMIT = RateLimit(requests=4, seconds=3)
ANYBODY = ("0.0.0.0/0",)
"""Whoever asks here is a trusted proxy, and names its client."""


def says(bench: HaproxyBench, client: str, *, path: str = "/home", key: str = "") -> Answer:
    """The answer to a request of this client."""
    headers = {"X-Forwarded-For": client} | ({"X-Key": key} if key else {})
    return ask("GET", bench.url, path, headers=headers, timeout=10)


def passed(bench: HaproxyBench, *clients: str) -> list[bool]:
    """Of which of these clients, one after the other, a request gets through."""
    return [says(bench, client).status == 200 for client in clients]


@pytest.fixture
def limited(haproxy_bench: HaproxyBench) -> HaproxyBench:
    """An edge that lets four requests of an address through in three seconds."""
    haproxy_bench.change(rate_limit=LIMIT, trusted_proxies=ANYBODY)
    haproxy_bench.plane.apply(all_to(*haproxy_bench.servers))
    return haproxy_bench


def test_who_asks_too_often_is_told_when_to_come_back_and_nobody_else_notices(limited: HaproxyBench) -> None:
    assert passed(limited, *["198.51.100.1"] * 6) == [True] * 4 + [False] * 2
    refused = says(limited, "198.51.100.1")
    assert (refused.status, refused.headers["Retry-After"]) == (429, "3")
    assert refused.headers["Content-Type"] == "application/json"
    assert refused.document == json.loads(answers.failure(answers.too_many(4, 3)))
    assert passed(limited, "198.51.100.2") == [True]


def test_who_never_rests_still_gets_the_requests_that_it_may_send(limited: HaproxyBench) -> None:
    """Refused requests do not count."""
    assert passed(limited, *["198.51.100.3"] * 5) == [True] * 4 + [False]
    until(lambda: says(limited, "198.51.100.3").status == 200, "a request passes again", within=7, pause=0.1)


def test_a_network_of_ipv6_addresses_is_one_client_and_ipv4_in_ipv6_is_ipv4(limited: HaproxyBench) -> None:
    assert passed(limited, *[f"2001:db8::{number}" for number in range(5)]) == [True] * 4 + [False]
    assert passed(limited, "2001:db8:0:1::1") == [True]
    assert passed(limited, *["198.51.100.4", "::ffff:198.51.100.4"] * 3) == [True] * 4 + [False] * 2
    assert passed(limited, "::ffff:198.51.100.5") == [True]


@pytest.mark.parametrize(("path", "while_away"), [("/rep", 503), ("/home", 200)])
def test_the_balancers_own_paths_on_the_public_port_count_as_well(
    limited: HaproxyBench, path: str, while_away: int
) -> None:
    """Nobody is where the balancer is."""
    client = f"198.51.100.{while_away % 100 + 10}"
    statuses = [says(limited, client, path=path).status for _ in range(5)]
    assert statuses == [while_away] * 4 + [429]


def test_a_request_that_is_repeated_counts_once(limited: HaproxyBench) -> None:
    dead = Backend("S9", f"{limited.host}:9")
    limited.plane.apply(nearly_all_to(dead, limited.servers[0]))
    seen = [says(limited, "198.51.100.20") for _ in range(5)]
    assert [answer.status for answer in seen] == [200] * 4 + [429]
    assert "2" in {answer.headers["X-Ring-Attempt"] for answer in seen}, "no request was repeated"


def test_without_trusted_proxies_a_client_is_who_connects(haproxy_bench: HaproxyBench) -> None:
    haproxy_bench.change(rate_limit=LIMIT)
    haproxy_bench.plane.apply(all_to(*haproxy_bench.servers))
    assert passed(haproxy_bench, *[f"198.51.100.{number}" for number in range(6)]) == [True] * 4 + [False] * 2


def test_keys_are_counted_and_who_sends_none_counts_by_address(haproxy_bench: HaproxyBench) -> None:
    haproxy_bench.change(rate_limit=RateLimit(requests=2, seconds=60, by="key"), trusted_proxies=ANYBODY)
    haproxy_bench.plane.apply(with_slots(("S1",) * 8, haproxy_bench.servers, key=KeySource("header", "X-Key")))

    def statuses(*asked: tuple[str, str]) -> list[int]:
        return [says(haproxy_bench, client, key=key).status for client, key in asked]

    assert statuses(*[(f"198.51.100.{number}", "alice") for number in range(3)]) == [200, 200, 429]
    assert statuses(*[("198.51.100.1", key) for key in ("bob", "carol", "dave", "alice")]) == [200, 200, 200, 429]
    assert statuses(*[("198.51.100.1", "")] * 3) == [200, 200, 429]
    assert statuses(("198.51.100.2", ""), ("198.51.100.2", "198.51.100.1")) == [200, 200]
    long = "x" * 1000
    assert statuses(*[("198.51.100.3", long + end) for end in "aaab"]) == [200, 200, 429, 200]


def test_more_connections_wait_until_one_ends_and_the_edge_stays_healthy(haproxy_bench: HaproxyBench) -> None:
    haproxy_bench.change(max_connections=10)
    haproxy_bench.plane.apply(all_to(*haproxy_bench.servers))
    with ExitStack() as opened:
        idle = [opened.enter_context(socket.create_connection((haproxy_bench.host, PORT))) for _ in range(10)]
        until(lambda: taken(haproxy_bench) == 10, "the edge holds ten connections", within=5)
        waiting = HTTPConnection(haproxy_bench.host, PORT, timeout=0.7)
        opened.callback(waiting.close)
        waiting.request("GET", "/home")
        with pytest.raises(TimeoutError):
            waiting.getresponse()
        assert haproxy_bench.container.exec_run("healthcheck").exit_code == 0
        assert taken(haproxy_bench) == 10
        idle[0].close()
        again = HTTPConnection(haproxy_bench.host, PORT, timeout=8)
        opened.callback(again.close)
        again.request("GET", "/home")
        idle[1].close()
        assert again.getresponse().status == 200


def test_by_itself_the_public_port_takes_four_fifths_of_what_the_container_allows(haproxy_bench: HaproxyBench) -> None:
    haproxy_bench.plane.apply(all_to(*haproxy_bench.servers))
    limits = haproxy_bench.container.exec_run("grep 'open files' /proc/1/limits").output
    assert isinstance(limits, bytes)
    files = min(int(limits.split()[4]), 100_000)
    assert int(statistics(haproxy_bench, "public")["slim"]) == files * 2 // 5
    info = RuntimeApi(haproxy_bench.profile.directory / "runtime.sock").ask("show info").splitlines()
    all_ports = next(int(line.split()[1]) for line in info if line.startswith("Maxconn:"))
    control = int(statistics(haproxy_bench, "control_port")["slim"])
    assert all_ports > files * 2 // 5 + control + 100, "when both ports are full, nothing is left for the others"


def taken(bench: HaproxyBench) -> int:
    """The connections of clients that the public port holds. Those of the test before may still be closing."""
    return int(statistics(bench, "public")["scur"])


def statistics(bench: HaproxyBench, frontend: str) -> dict[str, str]:
    shown = RuntimeApi(bench.profile.directory / "runtime.sock").ask(f"show stat {frontend} 1 -1")
    return next(iter(csv.DictReader(shown.removeprefix("# ").splitlines())))
