"""What other people's clients and servers do to the whole system: requests that end servers, broken heads, silence."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from balancer.ports import answers
from tests.deployment import Deployment
from tests.e2e.conftest import only_haproxy
from tests.own_image import stranger_image
from tests.polling import until

pytestmark = [pytest.mark.docker, pytest.mark.terraform]

SERVERS = 5
RESPONSE_TIMEOUT = 7


@pytest.fixture(scope="module")
def strange(plane: str) -> Iterator[Deployment]:
    with (
        stranger_image(f"ringmaster-test-clients-{plane}:1") as image,
        Deployment(
            data_plane=plane,
            server_image=image,
            server_port=8080,
            heartbeat_path="/healthz",
            replicas=SERVERS,
            response_timeout=RESPONSE_TIMEOUT,
        ) as strange,
    ):
        yield strange


@pytest.fixture
def own(strange: Deployment) -> Deployment:
    """Whole again after a test that ended servers."""
    until(lambda: len(strange.replicas) == SERVERS, "all servers serve", within=60)
    strange.wait_until_ready(within=60)
    return strange


@pytest.fixture
def client(own: Deployment) -> Iterator[HTTPConnection]:
    """A kept connection."""
    with closing(HTTPConnection(urlsplit(own.url).netloc, timeout=30)) as connection:
        yield connection


def send(client: HTTPConnection, method: str, path: str, body: bytes | None = None) -> tuple[int, bytes]:
    client.request(method, path, body=body)
    response = client.getresponse()
    return response.status, response.read()


def test_a_request_that_ends_its_server_ends_three_at_most_and_says_so(own: Deployment) -> None:
    """Case 3."""
    before = set(own.replicas)
    answer = own.get("/exit")
    assert (answer.status, answer.text) == (502, answers.failure(answers.broke_off(3)))
    until(lambda: len(before - set(own.replicas)) >= 3, "three servers have failed", within=10)
    until(lambda: len(own.replicas) == SERVERS and own.is_ready, "the fleet is whole again", within=60)
    assert len(before - set(own.replicas)) == 3


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_server_that_closes_without_an_answer_is_a_502_and_a_line_in_the_log_on_every_request(
    own: Deployment, client: HTTPConnection, method: str
) -> None:
    """Case 4."""
    began = time.time()
    for _ in range(5):
        assert send(client, "GET", "/")[0] == 200
        status, body = send(client, method, "/close", b"x" if method == "POST" else None)
        assert (status, body[:21]) == (502, b'{"message":"<Error> T')
    role = "edge" if own.containers.of("edge") else "balancer"
    until(lambda: own.logs(since=began).get(role, "").count('"path": "/close"') >= 5, "five lines", within=10)


BROKEN = {
    "raw UTF-8": "GET /é HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
    "a header of 9 KB": b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 9000 + b"\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
}


def say(own: Deployment, request: bytes) -> bytes:
    address = urlsplit(own.url)
    with socket.create_connection((address.hostname, address.port), timeout=20) as connection:
        connection.sendall(request)
        received = b""
        while part := connection.recv(65536):
            received += part
    return received


@only_haproxy
@pytest.mark.parametrize("kind", BROKEN)
def test_a_request_that_is_not_http_is_answered_in_our_shape(own: Deployment, kind: str) -> None:
    """Case 8."""
    answer = say(own, BROKEN[kind])
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.endswith(answers.failure(answers.NOT_HTTP).encode())


@only_haproxy
def test_half_a_request_is_answered_in_our_shape(own: Deployment) -> None:
    """Case 8."""
    answer = say(own, b"GET / HTTP/1.1\r\nHo")
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert answer.endswith(answers.failure(answers.TOO_LATE).encode())


def test_more_than_a_hundred_headers_reach_a_server(own: Deployment) -> None:
    """Case 8. The stranger's own limit is a hundred."""
    answer = own.get("/", headers={f"X-{number}": "1" for number in range(150)})
    assert answer.status == 431
    assert answer.headers["X-Served-By"]


@only_haproxy
def test_while_the_balancer_is_paused_rep_says_so_and_servers_serve(own: Deployment) -> None:
    """Case 9."""
    balancer = own.containers.balancer
    balancer.pause()
    try:
        for _ in range(5):
            began = time.monotonic()
            answer = own.rep()
            assert answer.status in (503, 504)
            assert answer.document["status"] == "failure"
            assert time.monotonic() - began < 15
            assert own.get("/").status == 200
        began = time.monotonic()
        assert own.add(1).status == 503
        assert time.monotonic() - began < 5
    finally:
        balancer.unpause()
    until(lambda: own.rep().status == 200, "the balancer is back", within=10)


def test_an_event_stream_may_be_silent_for_longer_than_a_response_may_take(own: Deployment) -> None:
    """Case 22."""
    assert own.get(f"/silent?seconds={RESPONSE_TIMEOUT + 3}").body == b"data: end\n\n"
    assert own.get(f"/slow?seconds={RESPONSE_TIMEOUT + 3}").status == 504


def test_a_server_may_read_a_large_upload_slowly(own: Deployment) -> None:
    """Case 23: longer than a lost server is waited for."""
    body = bytes(12_000_000)
    with closing(HTTPConnection(urlsplit(own.url).netloc, timeout=30)) as client:
        assert send(client, "POST", "/upload?seconds=5", body) == (200, b"12000000")
