"""The access log: one line for each request, with the same fields as the edge's log."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable
from http import HTTPStatus

from balancer.adapters.flask_plane.incoming import Incoming
from balancer.adapters.flask_plane.journey import Journey
from balancer.core.access_log import OF, part
from balancer.core.traceparent import KNOWN

_log = logging.getLogger(__name__)


class AccessLog:
    """`kind`: the setting `access_log`. An answer with 5xx, from a server or from the plane itself, and a request whose
    attempt failed and that was repeated are always logged. `draw(n)` returns a random number below n."""

    def __init__(self, kind: str, draw: Callable[[int], int] = random.randrange) -> None:
        self._part = part(kind)
        self._draw = draw

    def note(self, incoming: Incoming, *, status: int, size: int, seconds: float, journey: Journey) -> None:
        """Logs a request at the end of its answer. `size`: bytes of the answer's body. `seconds`: from the request's
        head to that end."""
        is_error = status >= HTTPStatus.INTERNAL_SERVER_ERROR
        if not (is_error or journey.failures or self._is_sampled()):
            return
        attempt = journey.attempt
        _log.log(
            logging.WARNING if is_error else logging.INFO,
            "request",
            extra={
                "client": incoming.client,
                "method": incoming.method,
                "path": incoming.path,
                "status": status,
                "bytes": size,
                "milliseconds": round(seconds * 1000),
                "server": attempt.backend.instance if attempt else "",
                "slot": attempt.slot if attempt else None,
                "key": attempt.key if attempt else "",
                "attempt": attempt.number if attempt else 0,
                "repeated": ", ".join(journey.repeated),
                "request_id": incoming.headers["X-Request-Id"][:128],
                "traceparent": incoming.headers.get("Traceparent", "")[:KNOWN],
            },
        )

    def _is_sampled(self) -> bool:
        return self._part == OF or (self._part > 0 and self._draw(OF) < self._part)
