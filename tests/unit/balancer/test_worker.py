"""What gunicorn's worker says of requests that it cannot read."""

from __future__ import annotations

import socket
from types import SimpleNamespace

import pytest
from gunicorn.http.errors import (
    InvalidHeader,
    InvalidRequestLine,
    InvalidResponseHeader,
    LimitRequestHeaders,
    LimitRequestLine,
)

from balancer.ports import answers
from balancer.worker import Worker, head_limits, refuse_ambiguous


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


@pytest.mark.parametrize(("bufsize", "line", "field"), [(8192, 7168, 7168), (65536, 8190, 64512)])
def test_only_the_length_of_a_head_is_limited(bufsize: int, line: int, field: int) -> None:
    limits = head_limits(bufsize)
    assert (limits["limit_request_line"], limits["limit_request_field_size"]) == (line, field)
    assert limits["limit_request_fields"] > bufsize / 4 or bufsize > 65536


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
