"""gunicorn's answers, as the sample server sends them: head and body in one piece."""

from __future__ import annotations

import importlib
from types import SimpleNamespace

import pytest
from gunicorn.config import Config

whole_answers = importlib.import_module("whole_answers")


class Socket:
    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def sendall(self, data: bytes) -> None:
        self.pieces.append(data)


def answer(*parts: bytes, length: int | None, method: str = "GET") -> list[bytes]:
    """What goes to the socket, a piece for each call."""
    socket = Socket()
    request = SimpleNamespace(method=method, version=(1, 1), should_close=lambda: False, headers=[])
    response = whole_answers.WholeResponse(request, socket, Config())
    response.start_response("200 OK", [("Content-Length", str(length))] if length is not None else [])
    for part in parts:
        response.write(part)
    response.close()
    return socket.pieces


def test_a_body_goes_out_with_its_head() -> None:
    (piece,) = answer(b"hello", length=5)
    head, _, body = piece.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"Content-Length: 5" in head.split(b"\r\n")
    assert body == b"hello"


def test_the_rest_of_a_body_follows() -> None:
    first, second = answer(b"hel", b"lo", length=5)
    assert first.endswith(b"\r\n\r\nhel")
    assert second == b"lo"


@pytest.mark.parametrize(("length", "method"), [(0, "GET"), (5, "HEAD")])
def test_a_head_without_a_body_goes_out_at_the_end(length: int, method: str) -> None:
    (piece,) = answer(b"hello"[:length], length=length, method=method)
    assert piece.endswith(b"\r\n\r\n")


def test_chunks_are_framed_and_ended() -> None:
    first, second, end = answer(b"x" * 17, b"y", length=None)
    assert b"Transfer-Encoding: chunked\r\n" in first
    assert first.endswith(b"\r\n\r\n11\r\n" + b"x" * 17 + b"\r\n")
    assert (second, end) == (b"1\r\ny\r\n", b"0\r\n\r\n")
