"""What the edge answers by itself, and how the balancer's own requests reach it through a real HAProxy."""

from __future__ import annotations

import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from balancer.ports import answers
from tests.contract.haproxy_bench import HaproxyBench
from tests.contract.lab import PORT
from tests.contract.plane_bench import NOTHING, all_to
from tests.http_client import ask
from tests.polling import until
from tests.serving import serving

pytestmark = pytest.mark.docker


@contextmanager
def balancer(folder: Path, *, paused: threading.Event | None = None) -> Iterator[list[str]]:
    """Somebody where the balancer is, who notes the target of every request. Nothing is answered once `paused` is
    set."""
    targets: list[str] = []
    ended = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """The edge's check."""
            if paused is not None and paused.is_set():
                ended.wait(30)
            self.send_response_only(200)
            self.send_header("Content-Length", "0")
            self.send_header("Connection", "close")
            self.end_headers()

        def do_POST(self) -> None:
            targets.append(self.requestline.split(" ")[1])
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if paused is not None:
                ended.wait(30)
            self.send_response_only(200)
            self.send_header("Content-Length", "0")
            self.send_header("Connection", "close")  # an idle one would keep this server from ending
            self.send_header("Connection", "close")
            self.end_headers()

        def address_string(self) -> str:
            return "the edge"

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class's name for it)
            """Silent."""

    path = folder / "balancer.sock"
    with serving(socketserver.ThreadingUnixStreamServer(str(path), Handler)):
        path.chmod(0o666)
        try:
            yield targets
        finally:
            ended.set()
            path.unlink()


def is_there(bench: HaproxyBench) -> bool:
    return ask("GET", bench.url, "/rep").status == 200


def say(bench: HaproxyBench, request: bytes, *, patience: float = 10) -> bytes:
    """Exactly these bytes on a connection of their own; the whole answer."""
    with socket.create_connection((bench.host, PORT), timeout=patience) as connection:
        connection.sendall(request)
        received = b""
        while part := connection.recv(65536):
            received += part
    return received


@pytest.mark.parametrize("target", ["/add", "/add?x=1", "http://edge/add", "http://edge:5000/add?x=1"])
def test_the_balancers_own_paths_reach_it_as_paths(haproxy_bench: HaproxyBench, target: str) -> None:
    host = "edge:5000" if "5000" in target else "edge"
    with balancer(haproxy_bench.profile.directory) as targets:
        until(lambda: is_there(haproxy_bench), "the edge has found the balancer", within=5)
        answer = say(
            haproxy_bench,
            f"POST {target} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode(),
        )
    assert answer.startswith(b"HTTP/1.1 200")
    assert targets == ["/add?x=1" if "?" in target else "/add"]


@pytest.mark.parametrize("target", ["/%61dd", "/add/", "//add", "/ADD", "/x/../add", "/./add", "/add;x=1"])
def test_a_path_that_only_looks_like_the_balancers_own_belongs_to_the_servers(
    haproxy_bench: HaproxyBench, target: str
) -> None:
    haproxy_bench.plane.apply(all_to(*haproxy_bench.servers))
    with balancer(haproxy_bench.profile.directory) as targets:
        answer = ask("POST", haproxy_bench.url, target, body=b"{}")
    assert targets == []
    assert answer.headers["X-Served-By"] == "S1"


@pytest.mark.parametrize("path", ["/rep", "/add", "/rm"])
def test_while_the_balancer_is_away_its_endpoints_say_so_and_the_servers_serve(
    haproxy_bench: HaproxyBench, path: str
) -> None:
    haproxy_bench.plane.apply(all_to(*haproxy_bench.servers))
    answer = ask("POST", haproxy_bench.url, path, body=b"{}")
    assert (answer.status, answer.headers["Content-Type"]) == (503, "application/json")
    assert answer.document["status"] == "failure"
    assert answer.document["message"].startswith("<Error> The balancer is away")
    assert haproxy_bench.answers(1) == ["S1"]


@pytest.mark.parametrize("bound", [None, Fraction(2)])
@pytest.mark.parametrize("present", [0, 3])
def test_a_slot_that_nobody_owns_gets_a_503_in_the_shape_of_all_errors(
    haproxy_bench: HaproxyBench, present: int, bound: Fraction | None
) -> None:
    """However many servers there are."""
    haproxy_bench.plane.apply(replace(NOTHING, backends=haproxy_bench.servers[:present], bound=bound))
    answer = ask("GET", haproxy_bench.url, "/home")
    assert (answer.status, answer.headers["Content-Type"]) == (503, "application/json")
    assert answer.text == answers.failure(answers.NO_SERVER)


@pytest.mark.parametrize(
    "path", ["/other", "/", "/a/b.c", "/other?x=1", "/oth%65r", "/it's", "/a\\b", "/a;b=c&d", "/{x}", "/%C3%A9", "/%22"]
)
def test_the_handouts_400_is_the_same_text_in_both_data_planes(haproxy_bench: HaproxyBench, path: str) -> None:
    haproxy_bench.obey(haproxy_bench.other(course_errors=True), all_to(*haproxy_bench.servers))
    answer = ask("GET", haproxy_bench.url, path)
    assert (answer.status, answer.headers["Content-Type"]) == (400, "application/json")
    assert answer.text == answers.unknown_path(path.partition("?")[0])
    assert answer.headers["X-Served-By"] == "S1"


BROKEN = {
    "raw UTF-8": "GET /é HTTP/1.1\r\nHost: x\r\n\r\n".encode(),
    "a header of 9 KB": b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 9000 + b"\r\n\r\n",
    "no length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5x\r\n\r\n",
    "no chunk": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "no HTTP": b"\x16\x03\x01\x02\x00\r\n\r\n",
}


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("kind", BROKEN)
def test_what_is_not_http_gets_our_json_and_a_line_in_the_log_on_every_request_of_a_connection(
    haproxy_bench: HaproxyBench, kind: str, is_first: bool
) -> None:
    haproxy_bench.plane.apply(all_to(*haproxy_bench.servers))
    before = unreadable(haproxy_bench)
    good = b"" if is_first else b"HEAD /home HTTP/1.1\r\nHost: x\r\n\r\n"
    head, _, body = say(haproxy_bench, good + BROKEN[kind]).rpartition(b"\r\n\r\n")
    assert b"HTTP/1.1 400 " in head
    assert b"application/json" in head
    assert body.decode() == answers.failure(answers.NOT_HTTP)
    until(lambda: unreadable(haproxy_bench) == before + 1, "it is logged", within=5)


def test_half_a_request_is_told_that_it_is_too_late(haproxy_bench: HaproxyBench) -> None:
    """After ten seconds."""
    answer = say(haproxy_bench, b"GET / HTTP/1.1\r\nHo", patience=15)
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert answer.endswith(answers.failure(answers.TOO_LATE).encode())


def unreadable(bench: HaproxyBench) -> int:
    return bench.container.logs(stdout=True, stderr=False).count(b'"path": "<BADREQ>", "status": 400')


@pytest.mark.parametrize("public", [True, False])
def test_the_control_paths_move_under_a_prefix_or_go(haproxy_bench: HaproxyBench, public: bool) -> None:
    """Then the handout's paths are the servers'."""
    plane = haproxy_bench.other(control_prefix="/ringmaster", public_control=public)
    haproxy_bench.obey(plane, all_to(*haproxy_bench.servers))
    for path in ("/rep", "/add", "/rm", "/ringmaster", "/ringmaster/rep/"):
        assert ask("GET", haproxy_bench.url, path).headers["X-Served-By"] == "S1"
    answer = ask("GET", haproxy_bench.url, "/ringmaster/rep")
    assert answer.status == (503 if public else 404)
    assert ("X-Served-By" in answer.headers) is not public


def test_a_balancer_that_hangs_is_told_within_5_s_and_what_it_works_on_goes_on(haproxy_bench: HaproxyBench) -> None:
    paused = threading.Event()
    with balancer(haproxy_bench.profile.directory, paused=paused) as targets:
        until(lambda: is_there(haproxy_bench), "the edge has found the balancer", within=5)
        with socket.create_connection((haproxy_bench.host, PORT), timeout=1) as change:
            change.sendall(b"POST /add HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
            until(lambda: targets == ["/add"], "a change is carried out", within=5)
            paused.set()
            began = time.monotonic()
            answer = ask("GET", haproxy_bench.url, "/rep", timeout=10)
            assert answer.status in (503, 504)
            assert answer.document["status"] == "failure"
            assert time.monotonic() - began < 20
            until(lambda: quick(haproxy_bench) < 0.5, "the edge knows that it hangs", within=10)
            with pytest.raises(TimeoutError):
                change.recv(1)


def quick(bench: HaproxyBench) -> float:
    """Seconds that a new change waits for its 503."""
    began = time.monotonic()
    try:
        assert ask("POST", bench.url, "/add", body=b"{}", timeout=3).status == 503
    except TimeoutError:
        return 60
    return time.monotonic() - began
