"""The access log: a line for each request, with what the edge's log says of it under the same names."""

from __future__ import annotations

import logging
from http import HTTPStatus

from balancer.adapters.flask_plane.incoming import Incoming
from balancer.adapters.flask_plane.plane import Attempt

_log = logging.getLogger(__name__)


class AccessLog:
    """`kind`: "all" requests, or only "errors", which are answers with 5xx, the servers' and the plane's own."""

    def __init__(self, kind: str) -> None:
        self._everything = kind == "all"

    def note(self, incoming: Incoming, *, status: int, seconds: float, attempt: Attempt | None) -> None:
        """`attempt` is the last one, None where there was no server to ask; `seconds` to the head of the answer, for
        the body of a long one is still to come."""
        is_error = status >= HTTPStatus.INTERNAL_SERVER_ERROR
        if not (is_error or self._everything):
            return
        _log.log(
            logging.WARNING if is_error else logging.INFO,
            "request",
            extra={
                "client": incoming.client,
                "method": incoming.method,
                "path": incoming.path,
                "status": status,
                "milliseconds": round(seconds * 1000),
                "server": attempt.backend.instance if attempt else "",
                "slot": attempt.slot if attempt else None,
                "attempt": attempt.number if attempt else 0,
                "request_id": incoming.headers["X-Request-Id"][:128],
            },
        )
