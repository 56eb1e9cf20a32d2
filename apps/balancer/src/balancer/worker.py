"""gunicorn's worker: it answers what it cannot read in our JSON shape instead of HTML, and bounds what slow clients
hold."""

from __future__ import annotations

import logging
import re
import socket
import time
from collections import deque
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from gunicorn.http.errors import (  # type: ignore[import-untyped]
    InvalidHeader,
    InvalidResponseHeader,
    InvalidResponseHeaderName,
    ParseException,
)
from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]

from balancer.listeners import CONTROL_PORT
from balancer.ports import answers

_log = logging.getLogger(__name__)
_OUR_OWN = (InvalidResponseHeader, InvalidResponseHeaderName)
"""Errors of an answer, which gunicorn counts among those of requests."""


_HOST = re.compile(r"[A-Za-z0-9._~%!$&'()*+,;=:\[\]-]*", re.ASCII)
_LONGEST_LENGTH = 15
"""Digits. A server may take a longer number for a smaller one."""
_HEAD_TIME = 10.0
"""Seconds that the head of a request may take."""
_CONTROL_THREADS = 32
"""The most threads that the control port has, where clients connect to it without an edge. Half of all."""

_MOST_WAITING = 256
"""The most connections of the control port that wait for a thread. One more is closed: gunicorn takes a thousand
connections, for both ports together."""


class Worker(ThreadWorker):  # type: ignore[misc]
    """Slow clients do not get all threads. Everything here runs in the main thread, but for `handle` and
    `handle_request`."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._reading: dict[Any, float] = {}
        """connection → when its head must be there."""
        self._at_control: set[Any] = set()
        self._waiting: deque[Any] = deque()
        """Connections of the control port that have a thread, and those that wait for one."""

    def enqueue_req(self, conn: Any) -> None:
        if _is_control(conn):
            if len(self._at_control) >= _CONTROL_THREADS:
                self._wait(conn)
                return
            self._at_control.add(conn)
        super().enqueue_req(conn)

    def _wait(self, conn: Any) -> None:
        if len(self._waiting) < _MOST_WAITING:
            self._waiting.append(conn)
        else:
            self.nr_conns -= 1
            conn.close()

    def finish_request(self, conn: Any, fs: Any) -> None:
        self._at_control.discard(conn)
        super().finish_request(conn, fs)
        if self._waiting and len(self._at_control) < _CONTROL_THREADS:
            self.enqueue_req(self._waiting.popleft())

    def handle(self, conn: Any) -> Any:
        self._reading[conn] = time.monotonic() + _HEAD_TIME
        try:
            return super().handle(conn)
        finally:
            self._reading.pop(conn, None)

    def handle_request(self, req: Any, conn: Any) -> Any:
        """The head is there. A client that does not read its answer in time loses the connection."""
        refuse_ambiguous(req)
        self._reading.pop(conn, None)
        with suppress(TimeoutError):
            return super().handle_request(req, conn)
        return False

    def notify(self) -> None:
        """gunicorn calls this at least once a second. A connection whose head takes too long ends."""
        super().notify()
        now = time.monotonic()
        for conn in [conn for conn, end in list(self._reading.items()) if end < now]:
            with suppress(OSError):
                conn.sock.shutdown(socket.SHUT_RD)

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: Exception) -> None:
        """Answers as the edge does: 400 for a request that is not HTTP or has too long a head, otherwise 500."""
        is_unreadable = isinstance(exc, ParseException) and not isinstance(exc, _OUR_OWN)
        status = HTTPStatus.BAD_REQUEST if is_unreadable else HTTPStatus.INTERNAL_SERVER_ERROR
        about = {"client": addr[0] if addr else "", "status": int(status), "reason": str(exc)[:200]}
        _log.warning("unreadable request" if is_unreadable else "unforeseen", extra=about, exc_info=not is_unreadable)
        with suppress(OSError):
            client.sendall(_answer(status).encode())


def _is_control(conn: Any) -> bool:
    """Whether the connection came in on the control port itself. Behind the edge that one counts."""
    return isinstance(conn.server, tuple) and conn.server[1] == CONTROL_PORT


def refuse_ambiguous(request: Any) -> None:
    """Raises InvalidHeader for what gunicorn takes and a server may read in another way than gunicorn."""
    hosts = 0
    for name, value in request.headers:
        hosts += name == "HOST"
        if (
            (name == "HOST" and (hosts > 1 or not _HOST.fullmatch(value)))
            or (name == "CONTENT-LENGTH" and len(value) > _LONGEST_LENGTH)
            or (name == "TRANSFER-ENCODING" and value.lower() != "chunked")
        ):
            raise InvalidHeader(name, req=request)


def _answer(status: HTTPStatus) -> str:
    reason = answers.NOT_HTTP if status is HTTPStatus.BAD_REQUEST else "The balancer failed; its log says why"
    body = answers.failure(reason)
    return (
        f"HTTP/1.1 {int(status)} {status.phrase}\r\nConnection: close\r\nContent-Type: {answers.CONTENT_TYPE}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n{body}"
    )


def head_limits(bufsize: int) -> dict[str, int]:
    """gunicorn's limits of a head, so that only its length counts, as at the edge. (The forwarder counts the whole.)"""
    return {
        "limit_request_line": min(bufsize - answers.HEAD_RESERVE, 8190),
        "limit_request_fields": 32768,
        "limit_request_field_size": bufsize - answers.HEAD_RESERVE,
    }
