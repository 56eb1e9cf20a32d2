"""gunicorn's worker, which answers what it cannot read in our JSON shape instead of HTML."""

from __future__ import annotations

import logging
import re
import socket
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

from balancer.ports import answers

_log = logging.getLogger(__name__)
_OUR_OWN = (InvalidResponseHeader, InvalidResponseHeaderName)
"""Errors of an answer, which gunicorn counts among those of requests."""


_HOST = re.compile(r"[A-Za-z0-9._~%!$&'()*+,;=:\[\]-]*", re.ASCII)
_LONGEST_LENGTH = 15
"""Digits. A server may take a longer number for a smaller one."""


class Worker(ThreadWorker):  # type: ignore[misc]
    def handle_request(self, req: Any, conn: Any) -> Any:
        refuse_ambiguous(req)
        return super().handle_request(req, conn)

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: Exception) -> None:
        """Answers as the edge does: 400 for a request that is not HTTP or has too long a head, otherwise 500."""
        is_unreadable = isinstance(exc, ParseException) and not isinstance(exc, _OUR_OWN)
        status = HTTPStatus.BAD_REQUEST if is_unreadable else HTTPStatus.INTERNAL_SERVER_ERROR
        about = {"client": addr[0] if addr else "", "status": int(status), "reason": str(exc)[:200]}
        _log.warning("unreadable request" if is_unreadable else "unforeseen", extra=about, exc_info=not is_unreadable)
        with suppress(OSError):
            client.sendall(_answer(status).encode())


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
