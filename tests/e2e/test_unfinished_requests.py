"""Clients that do not finish what they began, on the control port: the others are answered meanwhile."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

import pytest

from tests.containers import run_in
from tests.e2e.conftest import only_haproxy
from tests.http_client import Answer
from tests.system import System

pytestmark = [pytest.mark.docker, pytest.mark.terraform]

HALVES = [
    b"GET /ring HTTP/1.1\r\nHo",
    b"POST /deploy HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60\r\n\r\n{",
    b"POST /deploy HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000\r\n\r\n" + b" " * 20_000,
    b"",
]
UNFINISHED = 200
"""More than three times the balancer's threads."""


@contextmanager
def unfinished(url: str) -> Iterator[None]:
    address = urlsplit(url)
    with ExitStack() as stack:
        for number in range(UNFINISHED):
            connection = socket.create_connection((address.hostname or "", address.port or 80), timeout=5)
            stack.enter_context(connection)
            connection.sendall(HALVES[number % len(HALVES)])
        yield


def test_the_public_port_is_answered_at_once(system: System) -> None:
    with unfinished(system.control_url):
        for ask in (system.rep, lambda: system.get("/home")):
            assert quick(ask) < 1
        added = system.add(1, ["while-slow"])
        assert added.status == 200, added.text
    assert system.rm(1, ["while-slow"]).status == 200


@only_haproxy
def test_so_is_the_control_port(system: System) -> None:
    with unfinished(system.control_url):
        for ask in (system.readyz, system.ring, system.healthz):
            assert quick(ask) < 1


def test_the_balancer_stays_healthy(system: System) -> None:
    """Its own check has a socket of its own."""
    with unfinished(system.control_url):
        assert run_in(system.containers.balancer, "python3", "-S", "-m", "balancer.healthcheck")


@only_haproxy
@pytest.mark.parametrize("port", [5000, 5001])
def test_a_server_finds_no_listener_at_the_balancers_name(system: System, port: int) -> None:
    server = system.containers.server(system.replicas[0])
    code, output = server.exec_run(
        ["python3", "-c", f"import socket; socket.create_connection(('ringmaster-balancer', {port}), 5)"]
    )
    assert code == 1
    assert b"ConnectionRefusedError" in output


def quick(ask: Callable[[], Answer]) -> float:
    began = time.monotonic()
    assert ask().status == 200
    return time.monotonic() - began
