"""An incoming request: its parts as the client wrote them, and the headers for the server."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO

from flask import Request

from balancer.adapters.flask_plane.headers import to_server, traced
from balancer.core.key_source import Message
from balancer.core.request_target import origin_form
from balancer.core.routes import IDEMPOTENT
from balancer.core.trusted_proxies import TrustedProxies

REPEATABLE_BODY = 16384
"""Bytes of the longest body that is kept, so that its request can be repeated."""

_PIECE = 16384


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """`headers`: the headers for the server. `body`: None for no body, bytes for a body short enough to be sent again,
    else the stream. `is_chunked`: the body is a stream of unknown length. `client`: the peer's address. `connection`:
    the client's socket, None where the web server does not tell."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes | IO[bytes] | None
    is_chunked: bool
    client: str
    message: Message
    connection: socket.socket | None = None

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    def fits(self, limit: int) -> bool:
        """Whether the head has at most `limit` bytes, as it goes to the server."""
        fields = sum(len(name) + len(value) + 4 for name, value in self.headers.items() if isinstance(value, str))
        return len(self.method) + len(self.target) + 12 + fields <= limit

    @property
    def may_repeat(self) -> bool:
        return self.method in IDEMPOTENT and (self.body is None or isinstance(self.body, bytes))

    def body_to_send(self, note: Callable[[int], None]) -> bytes | Iterator[bytes] | None:
        """The body for the server. Of a stream, `note` is told how many bytes of it have been read, each time."""
        return self.body if self.body is None or isinstance(self.body, bytes) else _pieces(self.body, note)


def _pieces(body: IO[bytes], note: Callable[[int], None]) -> Iterator[bytes]:
    while piece := body.read(_PIECE):
        note(len(piece))
        yield piece


def read(request: Request, proxies: TrustedProxies, *, makes_trace: bool = True) -> Incoming:
    """The incoming request. A short body is read at once. `makes_trace`: it gets a traceparent where it has none."""
    target = _target(request)
    client = request.remote_addr or ""
    body = _body(request)
    headers = to_server(dict(request.headers), client=client, is_trusted=proxies.trust(client))
    return Incoming(
        method=request.method,
        target=target,
        headers=traced(headers, makes=makes_trace),
        body=body,
        is_chunked=hasattr(body, "read") and request.content_length is None,
        client=client,
        message=_message(request, target, proxies.client(client, request.headers.get("X-Forwarded-For", ""))),
        connection=request.environ.get("gunicorn.socket"),
    )


def _message(request: Request, target: str, client: str) -> Message:
    """The parts that a key can come from. WSGI text has one character for each byte. gunicorn joins the values of a
    repeated header with commas: so all of them are the key here, while at the edge only the last one is."""
    path, _, query = target.encode("latin-1").partition(b"?")
    headers = {name.lower(): value.encode("latin-1") for name, value in request.headers}
    return Message(path=path, query=query, headers=headers, client=client.encode())


def _target(request: Request) -> str:
    return origin_form(request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or request.full_path)


def _body(request: Request) -> bytes | IO[bytes] | None:
    length = request.content_length
    if length is None and "HTTP_TRANSFER_ENCODING" not in request.environ:
        return None
    stream: IO[bytes] = request.environ["wsgi.input"]
    if length is not None and length <= REPEATABLE_BODY:
        return stream.read(length)
    return stream
