"""A request as it came in, bytes as the client wrote them, and what of it goes on to a server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO

from flask import Request

from balancer.adapters.flask_plane.headers import to_server
from balancer.core.key_source import Message
from balancer.core.routes import IDEMPOTENT

REPEATABLE_BODY = 16384
"""Bytes of a body that are kept for a repetition; a longer one is sent once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """`headers` are those for the server. `body`: None without one, bytes where it is short enough to be sent again,
    the stream itself otherwise; `is_chunked`: without a length."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes | IO[bytes] | None
    is_chunked: bool
    client: str
    message: Message

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def may_repeat(self) -> bool:
        return self.method in IDEMPOTENT and (self.body is None or isinstance(self.body, bytes))


def read(request: Request) -> Incoming:
    """Reads a short body, too."""
    target = _target(request)
    client = request.remote_addr or ""
    body = _body(request)
    return Incoming(
        method=request.method,
        target=target,
        headers=to_server(dict(request.headers), client=client),
        body=body,
        is_chunked=hasattr(body, "read") and request.content_length is None,
        client=client,
        message=_message(request, target, client),
    )


def _message(request: Request, target: str, client: str) -> Message:
    """WSGI text has one character per byte. A repeated header cannot be told from one with commas: gunicorn joins its
    values, so the key is all of them here, while at the edge it is the last one."""
    path, _, query = target.encode("latin-1").partition(b"?")
    headers = {name.lower(): value.encode("latin-1") for name, value in request.headers}
    return Message(path=path, query=query, headers=headers, client=client.encode())


def _target(request: Request) -> str:
    """Path and query as the client wrote them, nothing decoded; an absolute form loses scheme and host."""
    target: str = request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or request.full_path
    if not target.startswith("/") and "://" in target:
        target = "/" + target.split("://", 1)[1].partition("/")[2]
    return target


def _body(request: Request) -> bytes | IO[bytes] | None:
    length = request.content_length
    if length is None and "HTTP_TRANSFER_ENCODING" not in request.environ:
        return None
    stream: IO[bytes] = request.environ["wsgi.input"]
    if length is not None and length <= REPEATABLE_BODY:
        return stream.read(length)
    return stream
