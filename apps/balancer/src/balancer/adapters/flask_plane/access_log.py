"""The access log: one line for each request, with the same fields as the edge's log."""

from __future__ import annotations

import logging
from http import HTTPStatus

from balancer.adapters.flask_plane.incoming import Incoming
from balancer.adapters.flask_plane.plane import Attempt

_log = logging.getLogger(__name__)


class AccessLog:
    """`kind`: "all" for all requests, "errors" for answers with 5xx only, from servers and from the plane itself."""

    def __init__(self, kind: str) -> None:
        self._everything = kind == "all"

    def note(self, incoming: Incoming, *, status: int, seconds: float, attempt: Attempt | None) -> None:
        """Logs a request. `seconds`: the time to the head of the answer; a long body is still to come. `attempt`: the
        last attempt, None where no server could be asked."""
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
