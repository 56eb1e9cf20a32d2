"""Forwards one request over the ring: streaming both ways, repeated elsewhere where that is safe."""

from __future__ import annotations

import errno
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from http import HTTPStatus
from typing import IO

import urllib3
from flask import Request, Response
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ReadTimeoutError

from balancer.adapters.flask_plane.headers import to_client, to_server
from balancer.adapters.flask_plane.plane import FlaskPlane
from balancer.core import answers
from balancer.core.errors import EmptyRing
from balancer.core.request_hash import RequestHash
from balancer.core.routes import Backend

_log = logging.getLogger(__name__)

IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"})
REPEATABLE_BODY = 16384
"""Bytes of a body that are kept for a repetition, as many as HAProxy's buffer; a longer one is sent once."""
WHOLE_ANSWER = 65536
"""Bytes of an answer that are read to their end before it is passed on."""
ATTEMPTS = 4
_CONNECT_TIMEOUT = 1.0
_LOST = [
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 2),
    (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 3000),
]
"""A server that is off the network is noticed within 3 s, by these numbers of seconds, probes and milliseconds, while
one that only takes its time is left to it."""
_PIECE = 65536


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardingProfile:
    """`response_timeout` in seconds; `draw` gives the random id of a request."""

    request_hash: RequestHash
    slots: int
    response_timeout: float
    course_errors: bool
    draw: Callable[[], int]


_target: ContextVar[str] = ContextVar("target")


class _Connection(urllib3.connection.HTTPConnection):
    """Sends the target as the client wrote it; urllib3 would write some characters in another way."""

    def putrequest(self, method: str, url: str, skip_host: bool = False, skip_accept_encoding: bool = False) -> None:
        target = _target.get()
        super().putrequest(method, target if target.isascii() else url, skip_host, skip_accept_encoding)


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class Forwarder:
    """Called with a Flask request, answers with what a server said."""

    def __init__(self, plane: FlaskPlane, profile: ForwardingProfile) -> None:
        self._plane = plane
        self._profile = profile
        self._pools: dict[str, _Pool] = {}
        self._lock = threading.Lock()

    def __call__(self, request: Request) -> Response:
        slot = self._profile.request_hash.slot(str(self._profile.draw()), self._profile.slots)
        body = _body(request)
        may_repeat = request.method in IDEMPOTENT and not hasattr(body, "read")
        tried: set[str] = set()
        status, reason = HTTPStatus.SERVICE_UNAVAILABLE, answers.NO_SERVER
        while len(tried) < ATTEMPTS:
            try:
                with self._plane.send(slot, tried) as backend:
                    return self._attempt(request, body, backend)
            except EmptyRing:
                break
            except (HTTPError, OSError) as error:
                if isinstance(error, ReadTimeoutError) and not _is_lost(error):
                    return _failed(HTTPStatus.GATEWAY_TIMEOUT, answers.TOO_SLOW)
                _log.info("attempt failed", extra={"server": backend.name, "slot": slot, "reason": str(error)})
                tried.add(backend.name)
                if not (may_repeat or isinstance(error, NewConnectionError | ConnectTimeoutError)):
                    return _failed(HTTPStatus.BAD_GATEWAY, answers.BROKE_OFF)
                status, reason = HTTPStatus.BAD_GATEWAY, answers.BROKE_OFF
        return _failed(status, reason)

    def _attempt(self, request: Request, body: bytes | IO[bytes] | None, backend: Backend) -> Response:
        target = raw_target(request)
        _target.set(target)
        answer = self._pool(backend.address).urlopen(
            request.method,
            target,
            body=body,
            headers=to_server(dict(request.headers), client=request.remote_addr or ""),
            chunked=hasattr(body, "read") and request.content_length is None,
            redirect=False,
            retries=False,
            preload_content=False,
            decode_content=False,
            assert_same_host=False,
        )
        if self._profile.course_errors and answer.status == HTTPStatus.NOT_FOUND:
            answer.drain_conn()
            answer.release_conn()
            response = Response(
                answers.unknown_path(target.partition("?")[0]),
                HTTPStatus.BAD_REQUEST,
                content_type=answers.CONTENT_TYPE,
            )
            response.headers["X-Served-By"] = backend.name
            return response
        response = self._passed_on(answer, backend)
        response.headers.clear()
        for name, value in to_client(answer.headers.items(), server=backend.name):
            response.headers.add(name, value)
        return response

    def _passed_on(self, answer: urllib3.BaseHTTPResponse, backend: Backend) -> Response:
        """A short answer is there as a whole before its first byte goes out: where the server breaks off before its
        end, another one is asked. Longer ones are streamed."""
        if answer.length_remaining is not None and answer.length_remaining <= WHOLE_ANSWER:
            return Response(answer.read(), answer.status)
        self._plane.keep(backend)
        response = Response(_pieces(answer), answer.status)  # direct_passthrough would skip call_on_close
        response.call_on_close(lambda: self._plane.done(backend))
        response.call_on_close(answer.close)
        return response

    def _pool(self, address: str) -> _Pool:
        """One pool per server; those of servers that are gone are dropped."""
        with self._lock:
            if address not in self._pools:
                present = self._plane.addresses
                self._pools = {known: pool for known, pool in self._pools.items() if known in present}
                host, _, port = address.rpartition(":")
                timeout = urllib3.Timeout(connect=_CONNECT_TIMEOUT, read=self._profile.response_timeout)
                options = [*_Connection.default_socket_options, *_LOST]
                self._pools[address] = _Pool(host, int(port), maxsize=64, timeout=timeout, socket_options=options)
            return self._pools[address]


def raw_target(request: Request) -> str:
    """Path and query as the client wrote them, nothing decoded; an absolute form loses scheme and host."""
    target: str = request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or request.full_path
    if not target.startswith("/") and "://" in target:
        target = "/" + target.split("://", 1)[1].partition("/")[2]
    return target


def _body(request: Request) -> bytes | IO[bytes] | None:
    """None without a body, bytes where it is short enough to be sent again, the stream itself otherwise."""
    length = request.content_length
    if length is None and "HTTP_TRANSFER_ENCODING" not in request.environ:
        return None
    stream: IO[bytes] = request.environ["wsgi.input"]
    if length is not None and length <= REPEATABLE_BODY:
        return stream.read(length)
    return stream


def _pieces(answer: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
    while piece := answer.read1(_PIECE):
        yield piece


def _is_lost(error: ReadTimeoutError) -> bool:
    """Whether the kernel gave the connection up, rather than us the waiting; Python and urllib3 call both a timeout."""
    return isinstance(error.__cause__, OSError) and error.__cause__.errno == errno.ETIMEDOUT


def _failed(status: HTTPStatus, reason: str) -> Response:
    return Response(answers.failure(reason), status, content_type=answers.CONTENT_TYPE)
