"""What gunicorn's worker says of requests that it cannot read."""

from __future__ import annotations

import runpy
import socket
from collections import deque
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.config import Config
from gunicorn.http import RequestParser, wsgi
from gunicorn.http.errors import (
    InvalidHeader,
    InvalidRequestLine,
    InvalidResponseHeader,
    LimitRequestHeaders,
    LimitRequestLine,
)
from gunicorn.workers.gthread import ThreadWorker

from balancer import worker as module
from balancer.ports import answers
from balancer.worker import Worker, head_limits, refuse_ambiguous

PROJECT = Path(__file__).parents[3]


def told(error: Exception) -> tuple[str, str]:
    """Status line and body of the answer."""
    ours, client = socket.socketpair()
    with ours, client:
        Worker.handle_error(Worker.__new__(Worker), None, ours, ("192.0.2.7", 1), error)
        ours.shutdown(socket.SHUT_WR)
        head, _, body = client.recv(65536).decode().partition("\r\n\r\n")
    lines = head.split("\r\n")
    assert {"Connection: close", "Content-Type: application/json", f"Content-Length: {len(body)}"} <= set(lines)
    return lines[0], body


@pytest.mark.parametrize("error", [InvalidRequestLine("x"), LimitRequestLine(9, 8), LimitRequestHeaders("x")])
def test_a_request_that_is_not_http_gets_the_edges_answer(error: Exception) -> None:
    assert told(error) == ("HTTP/1.1 400 Bad Request", answers.failure(answers.NOT_HTTP))


@pytest.mark.parametrize("error", [ValueError("x"), InvalidResponseHeader("x")])
def test_what_is_not_the_clients_fault_is_a_500(error: Exception) -> None:
    status, body = told(error)
    assert status == "HTTP/1.1 500 Internal Server Error"
    assert body == answers.failure("The balancer failed; its log says why")


def test_a_client_that_has_left_is_no_error() -> None:
    ours, client = socket.socketpair()
    client.close()
    with ours:
        Worker.handle_error(Worker.__new__(Worker), None, ours, None, InvalidRequestLine("x"))


def environ_of(head: bytes) -> dict[str, Any]:
    """The WSGI environment of a request that comes over a unix socket, with gunicorn's settings of the balancer."""
    config = Config()
    for name, value in runpy.run_path(str(PROJECT / "apps/balancer/gunicorn.conf.py")).items():
        if name in config.settings:
            config.set(name, value)
    ours, client = socket.socketpair()
    with ours, client:
        client.sendall(head)
        request = next(iter(RequestParser(config, ours, "")))
        environ: dict[str, Any] = wsgi.create(request, ours, "", "/run/ringmaster/control.sock", config)[1]
    return environ


@pytest.mark.parametrize(
    "header", [b"SCRIPT_NAME: /rep", b"SCRIPT_NAME: /x", b"PATH_INFO: /x", b"X_Ringmaster_Client: x"]
)
def test_no_header_of_a_client_passes_for_a_word_of_the_edge(header: bytes) -> None:
    environ = environ_of(b"GET /rep HTTP/1.1\r\nHost: x\r\nX-Ringmaster-Client: 192.0.2.7\r\n" + header + b"\r\n\r\n")
    assert (environ["SCRIPT_NAME"], environ["PATH_INFO"]) == ("", "/rep")
    assert environ["HTTP_X_RINGMASTER_CLIENT"] == "192.0.2.7"
    assert "HTTP_PATH_INFO" not in environ


def test_what_a_client_says_of_its_scheme_is_not_held_against_it() -> None:
    head = b"GET /rep HTTP/1.1\r\nHost: x\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Ssl: off\r\n\r\n"
    assert environ_of(head)["wsgi.url_scheme"] == "http"


@pytest.mark.parametrize(("bufsize", "line", "field"), [(8192, 7168, 7168), (65536, 8190, 64512)])
def test_only_the_length_of_a_head_is_limited(bufsize: int, line: int, field: int) -> None:
    limits = head_limits(bufsize)
    assert (limits["limit_request_line"], limits["limit_request_field_size"]) == (line, field)
    assert limits["limit_request_fields"] > bufsize / 4 or bufsize > 65536


class Connection:
    """One that gunicorn has accepted on this address."""

    def __init__(self, server: tuple[str, int] | str) -> None:
        self.server = server
        self.ends = 0
        self.closed = False
        self.sock = self

    def shutdown(self, how: int) -> None:
        """As a socket does."""
        assert how == socket.SHUT_RD
        self.ends += 1

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def threaded(monkeypatch: pytest.MonkeyPatch) -> tuple[Worker, list[Connection]]:
    """A worker with two threads for the control port, and the connections that got a thread."""
    started: list[Connection] = []
    monkeypatch.setattr(module, "_CONTROL_THREADS", 2)
    monkeypatch.setattr(module, "_MOST_WAITING", 1)
    monkeypatch.setattr(module, "refuse_ambiguous", lambda _: None)
    monkeypatch.setattr(ThreadWorker, "enqueue_req", lambda _, conn: started.append(conn))
    monkeypatch.setattr(ThreadWorker, "finish_request", lambda _self, _conn, _future: None)
    monkeypatch.setattr(ThreadWorker, "notify", lambda _: None)
    worker: Any = Worker.__new__(Worker)
    worker._reading, worker._at_control, worker._waiting, worker.nr_conns = {}, set(), deque(), 4
    return worker, started


def test_the_control_port_has_so_many_threads_and_no_more(threaded: tuple[Worker, list[Connection]]) -> None:
    worker, started = threaded
    control = [Connection(("0.0.0.0", 5001)) for _ in range(4)]  # noqa: S104 (nothing is bound)
    public, edge = Connection(("0.0.0.0", 5000)), Connection("/run/ringmaster/control.sock")  # noqa: S104
    for connection in (*control, public, edge):
        worker.enqueue_req(connection)
    assert started == [*control[:2], public, edge]
    assert [connection.closed for connection in control] == [False, False, False, True]
    assert worker.nr_conns == 3
    worker.finish_request(public, None)
    assert started == [*control[:2], public, edge]
    worker.finish_request(control[1], None)
    assert started == [*control[:2], public, edge, control[2]]


def test_a_head_that_takes_too_long_ends_its_connection(
    threaded: tuple[Worker, list[Connection]], monkeypatch: pytest.MonkeyPatch
) -> None:
    worker, _ = threaded
    now = [0.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    slow, whole = Connection(("0.0.0.0", 5000)), Connection(("0.0.0.0", 5000))  # noqa: S104 (nothing is bound)

    def read(_: Worker, conn: Connection) -> bool:
        if conn is whole:
            worker.handle_request(None, conn)
        for now[0] in (5.0, 9.9, 10.1):
            worker.notify()
        return True

    monkeypatch.setattr(ThreadWorker, "handle", read)
    monkeypatch.setattr(ThreadWorker, "handle_request", lambda *_: True)
    for connection, is_ended in ((slow, True), (whole, False)):
        now[0] = 0.0
        assert worker.handle(connection)
        assert bool(connection.ends) is is_ended
    assert worker._reading == {}


def test_a_client_that_does_not_read_its_answer_is_no_error(
    threaded: tuple[Worker, list[Connection]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stall(*_: object) -> bool:
        raise TimeoutError

    monkeypatch.setattr(ThreadWorker, "handle_request", stall)
    assert threaded[0].handle_request(None, SimpleNamespace()) is False


@pytest.mark.parametrize(
    "headers",
    [
        [("HOST", "a"), ("HOST", "a")],
        [("HOST", "a b")],
        [("HOST", "a/b")],
        [("HOST", "\xe9")],
        [("CONTENT-LENGTH", "18446744073709551616")],
        [("TRANSFER-ENCODING", "gzip, chunked")],
        [("TRANSFER-ENCODING", "identity, chunked")],
    ],
)
def test_what_a_server_may_read_in_another_way_is_refused(
    headers: list[tuple[str, str]],
) -> None:
    with pytest.raises(InvalidHeader):
        Worker.handle_request(Worker.__new__(Worker), SimpleNamespace(headers=headers), None)


@pytest.mark.parametrize(
    "headers", [[], [("HOST", "[::1]:80"), ("CONTENT-LENGTH", "123456789012345"), ("TRANSFER-ENCODING", "Chunked")]]
)
def test_a_plain_request_is_not_refused(headers: list[tuple[str, str]]) -> None:
    refuse_ambiguous(SimpleNamespace(headers=headers))
