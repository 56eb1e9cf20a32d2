"""What the edge answers by itself, and how the balancer's own requests reach it through a real HAProxy."""

from __future__ import annotations

import socket
import socketserver
import threading
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

pytestmark = pytest.mark.docker


@contextmanager
def balancer(folder: Path) -> Iterator[list[str]]:
    """Somebody where the balancer is, who notes the target of every request."""
    targets: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            targets.append(self.requestline.split(" ")[1])
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
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
    with socketserver.ThreadingUnixStreamServer(str(path), Handler) as server:
        path.chmod(0o666)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield targets
        finally:
            server.shutdown()
            thread.join()
            path.unlink()


def say(bench: HaproxyBench, request: bytes) -> bytes:
    """Exactly these bytes on a connection of their own; the whole answer."""
    with socket.create_connection((bench.host, PORT), timeout=10) as connection:
        connection.sendall(request)
        received = b""
        while part := connection.recv(65536):
            received += part
    return received


@pytest.mark.parametrize("target", ["/add", "/add?x=1", "http://edge/add", "http://edge:5000/add?x=1"])
def test_the_balancers_own_paths_reach_it_in_a_form_whose_path_it_knows(
    haproxy_bench: HaproxyBench, target: str
) -> None:
    """tests/unit has what the balancer makes of each of these forms."""
    host = "edge:5000" if "5000" in target else "edge"
    with balancer(haproxy_bench.profile.directory) as targets:
        answer = say(
            haproxy_bench,
            f"POST {target} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode(),
        )
    assert answer.startswith(b"HTTP/1.1 200")
    assert targets == [target]


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
