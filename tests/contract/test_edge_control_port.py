"""The control port, and the control paths of the public port, as a real HAProxy guards them for the balancer."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.client import HTTPResponse

import pytest

from balancer.core.traceparent import is_valid
from balancer.ports import answers
from tests.contract.balancer_stand_in import StandIn, balancer_stand_in
from tests.contract.haproxy_bench import HaproxyBench
from tests.http_client import ask
from tests.polling import until

pytestmark = pytest.mark.docker

SIDES = {"public": (5000, "/add", "balancer.sock"), "control": (5001, "/add", "control.sock")}
SLOTS = {"balancer.sock": 2, "control.sock": 4}
"""The places for bodies that do not fit into a buffer."""


@pytest.fixture
def balancer(haproxy_bench: HaproxyBench) -> Iterator[StandIn]:
    with balancer_stand_in(haproxy_bench.profile.directory) as stand_in:
        until(lambda: ask("GET", haproxy_bench.url, "/rep").status == 200, "the edge has found the balancer", within=5)
        yield stand_in


@pytest.fixture(params=SIDES)
def side(request: pytest.FixtureRequest) -> tuple[int, str, str]:
    return SIDES[request.param]


def url(bench: HaproxyBench, port: int) -> str:
    return f"http://{bench.host}:{port}"


@contextmanager
def saying(bench: HaproxyBench, port: int, *parts: bytes, times: int = 1) -> Iterator[list[socket.socket]]:
    """Connections on which this was said, and nothing more."""
    with ExitStack() as stack:
        connections = []
        for _ in range(times):
            connection = stack.enter_context(socket.create_connection((bench.host, port), timeout=20))
            connection.sendall(b"".join(parts))
            connections.append(connection)
        yield connections


def answer_of(connection: socket.socket) -> tuple[int, str]:
    with HTTPResponse(connection) as response:
        response.begin()
        return response.status, response.read().decode()


def seconds(bench: HaproxyBench, port: int, method: str, path: str) -> float:
    began = time.monotonic()
    assert ask(method, url(bench, port), path, body=b"{}" if method == "POST" else None).status == 200
    return time.monotonic() - began


def test_each_port_has_a_socket_of_its_own_and_the_edge_says_who_asks(
    haproxy_bench: HaproxyBench, balancer: StandIn, side: tuple[int, str, str]
) -> None:
    """Whatever the client says of itself."""
    port, path, name = side
    headers = {"X-Ringmaster-Client": "127.0.0.1", "x-ringmaster-client": "::1", "X_Ringmaster_Client": "1.1.1.1"}
    assert ask("POST", url(haproxy_bench, port), f"{path}?x=1", body=b'{"n":1}', headers=headers).status == 200
    (came,) = balancer.of(f"{path}?x=1")
    (network,) = haproxy_bench.container.attrs["NetworkSettings"]["Networks"].values()
    assert (came.socket, came.body) == (name, b'{"n":1}')
    assert came.headers.get_all("X-Ringmaster-Client") == [network["Gateway"]]


def test_behind_a_trusted_proxy_the_client_is_whom_the_proxy_names(
    haproxy_bench: HaproxyBench, balancer: StandIn, side: tuple[int, str, str]
) -> None:
    port, path, _ = side
    haproxy_bench.change(trusted_proxies=("0.0.0.0/0",))
    headers = {"X-Forwarded-For": "2001:db8::7"}
    assert ask("POST", url(haproxy_bench, port), f"{path}?x=2", body=b"{}", headers=headers).status == 200
    (came,) = balancer.of(f"{path}?x=2")
    assert came.headers.get_all("X-Ringmaster-Client") == ["2001:db8::7"]


def test_slow_heads_and_bodies_never_reach_the_balancer_and_are_told_so_after_ten_seconds(
    haproxy_bench: HaproxyBench, balancer: StandIn
) -> None:
    halves = [
        (5001, b"GET /ring HTTP/1.1\r\nHo"),
        (5001, b"POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"),
        (5001, b"POST /slow HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"),
        (5001, b"GET /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"),
        (5000, b"POST /add HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"),
    ]
    with ExitStack() as stack:
        slow = [stack.enter_context(saying(haproxy_bench, port, half))[0] for port, half in halves]
        began = time.monotonic()
        for connection in slow:
            assert answer_of(connection) == (408, answers.failure(answers.TOO_LATE))
        assert 8 < time.monotonic() - began < 30
    assert balancer.of("/slow") == balancer.of("/add") == []
    assert balancer.most["control.sock POST"] == balancer.most["control.sock GET"] == 0


def test_slow_bodies_that_fit_into_no_buffer_get_few_places_and_everybody_else_is_answered(
    haproxy_bench: HaproxyBench, balancer: StandIn, side: tuple[int, str, str]
) -> None:
    port, path, name = side
    big = f"{path}?big={port}"  # not the requests of the test before, which end late
    head = f"POST {big} HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n".encode()
    with saying(haproxy_bench, port, head, b"x" * 30_000, times=30) as slow:
        until(lambda: balancer.running[f"{name} POST"] == SLOTS[name], "the places are taken", within=5)
        for method in ("POST", "GET"):
            assert seconds(haproxy_bench, port, method, "/rep" if method == "GET" else path) < 5
        chunked = iter([b'{"a":', b"1}"])
        assert ask("POST", url(haproxy_bench, port), f"{path}?chunked", body=chunked).status == 200
        assert balancer.of(big) == []
        for connection in slow:
            connection.sendall(b"x" * 30_000)
        assert [answer_of(connection)[0] for connection in slow[:3]] == [200] * 3
    assert {len(request.body) for request in balancer.of(big)} == {60_000}


def test_a_body_beyond_the_limit_is_refused_by_the_edge_and_the_client_sees_it(
    haproxy_bench: HaproxyBench, balancer: StandIn, side: tuple[int, str, str]
) -> None:
    port, path, _ = side
    answer = ask("POST", url(haproxy_bench, port), f"{path}?large", body=b"x" * 5_000_000)
    assert (answer.status, answer.text) == (413, answers.failure(answers.TOO_LARGE))
    assert balancer.of(f"{path}?large") == []
    assert ask("POST", url(haproxy_bench, port), f"{path}?just", body=b"x" * 65_536).status == 200


def test_an_event_stream_may_be_silent_and_ends_with_its_client(haproxy_bench: HaproxyBench, balancer: StandIn) -> None:
    """Silent for longer than a question may take."""
    request = b"GET /events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\nX-Silence: 6\r\n\r\n"
    with saying(haproxy_bench, 5001, request) as (stream,):
        received = b""
        while received.count(b"data: ") < 2:
            part = stream.recv(65536)
            assert part, received
            received += part
        assert balancer.running["control.sock GET"] == 1
        assert seconds(haproxy_bench, 5001, "GET", "/ring") < 5
    until(lambda: balancer.running["control.sock GET"] == 0, "it has ended", within=2)


def test_a_change_may_take_longer_than_a_question(haproxy_bench: HaproxyBench, balancer: StandIn) -> None:
    balancer.lasts = 6
    assert ask("POST", url(haproxy_bench, 5001), "/add", body=b"{}", timeout=20).status == 200


def test_questions_of_a_paused_balancer_end_in_seconds(haproxy_bench: HaproxyBench, balancer: StandIn) -> None:
    balancer.paused.set()
    began = time.monotonic()
    with ThreadPoolExecutor(40) as pool:
        asked = [pool.submit(ask, "GET", url(haproxy_bench, 5001), "/readyz", timeout=20) for _ in range(40)]
        for future in asked:
            answer = future.result()
            assert answer.status in (503, 504)
            assert answer.document["message"].startswith("<Error> The balancer ")
    assert time.monotonic() - began < 18
    assert ask("POST", url(haproxy_bench, 5001), "/add", body=b"{}", timeout=3).status == 503


def test_while_the_balancer_is_away_the_control_port_says_so(haproxy_bench: HaproxyBench) -> None:
    answer = ask("GET", url(haproxy_bench, 5001), "/readyz")
    assert (answer.status, answer.headers["Content-Type"]) == (503, "application/json")
    assert answer.document["message"].startswith("<Error> The balancer is away")


def test_requests_of_the_control_port_are_logged_without_their_query(
    haproxy_bench: HaproxyBench, balancer: StandIn
) -> None:
    haproxy_bench.change(access_log="all")
    ask("GET", url(haproxy_bench, 5001), "/ring/lookup?key=secret", headers={"X-Request-ID": "of-control"})

    def line() -> list[dict[str, object]]:
        text = haproxy_bench.container.logs(stdout=True, stderr=False).decode().splitlines()
        return [json.loads(each) for each in text if '"request_id": "of-control"' in each]

    (logged,) = until(line, "it is logged", within=5)
    assert (logged["path"], logged["status"], logged["server"]) == ("/ring/lookup", 200, "balancer")
    assert b"secret" not in haproxy_bench.container.logs()


def test_the_balancer_gets_the_trace_of_a_request_and_the_log_has_it(
    haproxy_bench: HaproxyBench, balancer: StandIn, side: tuple[int, str, str]
) -> None:
    haproxy_bench.change(access_log="all")
    port, path, _ = side
    sent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    for number, headers in enumerate(({"traceparent": sent}, {"traceparent": "x", "tracestate": "a=b"})):
        target = f"{path}?{port}-{number}"
        assert ask("POST", url(haproxy_bench, port), target, body=b"{}", headers=headers).status == 200
    (valid,), (invalid,) = (balancer.of(f"{path}?{port}-{number}") for number in range(2))
    assert valid.headers.get_all("traceparent") == [sent]
    (made,) = invalid.headers.get_all("traceparent", [])
    assert is_valid(made)
    assert invalid.headers.get_all("tracestate") is None
    logs = haproxy_bench.container.logs
    until(
        lambda: all(f'"traceparent": "{each}"'.encode() in logs() for each in (sent, made)), "both are there", within=5
    )


def test_a_thousand_slow_clients_keep_nobody_waiting(haproxy_bench: HaproxyBench, balancer: StandIn) -> None:
    slow = [
        b"GET /ring HTTP/1.1\r\nHo",
        b"POST /deploy HTTP/1.1\r\nHost: x\r\nContent-Length: 60\r\n\r\n{",
        b"POST /deploy HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n" + b"x" * 20_000,
        b"",
    ]
    with ExitStack() as stack:
        for half in slow:
            stack.enter_context(saying(haproxy_bench, 5001, half, times=250))
        for method, path in (("GET", "/readyz"), ("GET", "/rep"), ("POST", "/add"), ("GET", "/events?limit=1")):
            assert seconds(haproxy_bench, 5001, method, path) < 5
        assert seconds(haproxy_bench, 5000, "GET", "/rep") < 5
        assert seconds(haproxy_bench, 5000, "POST", "/add") < 5
    assert balancer.most["control.sock POST"] <= SLOTS["control.sock"] + 1
