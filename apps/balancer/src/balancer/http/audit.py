"""The audit: every change that somebody asks for is an event, and whoever was not let in is in the log."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from flask import Response, g, request

from balancer.core.control_paths import may_change
from balancer.core.event import EventKind
from balancer.core.traceparent import KNOWN, is_valid
from balancer.http.guard import client_of
from balancer.service.event_log import EventLog

_log = logging.getLogger(__name__)

_REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
_LINES = 10
"""Log lines for refusals in one period. The first line of the next period says how many more there were."""
_PERIOD = 10.0
"""Seconds."""
_LONGEST = 200
"""Characters of a text that a client chose."""


class Audit:
    """Outsiders never reach the events, whose history is short, and only so many of their requests reach the log."""

    def __init__(self, events: EventLog, *, now: Callable[[], float] = time.monotonic) -> None:
        self._events = events
        self._now = now
        self._lock = threading.Lock()
        self._period = now()
        self._lines = 0

    def begin(self) -> None:
        """Opens the entry of the present request. Requests without an entry are not ours."""
        g.began = self._now()
        g.who = ""

    def close(self, response: Response) -> Response:
        """Writes the entry of the present request."""
        if "began" in g:
            if response.status_code in _REFUSED:
                self._log_refused(response)
            elif request.url_rule is not None and may_change(request.method, request.path):
                self._events.record(
                    EventKind.CHANGE,
                    reason=_reason(response),
                    seconds=self._now() - g.began,
                    **(_request(response) | {"who": g.who} | _trace()),
                )
        return response

    def _log_refused(self, response: Response) -> None:
        with self._lock:
            left_out = 0
            if self._now() - self._period >= _PERIOD:
                left_out = max(0, self._lines - _LINES)
                self._period, self._lines = self._now(), 0
            self._lines += 1
            is_told = self._lines <= _LINES
        if is_told:
            about = {"reason": _reason(response), **_request(response), "left_out": left_out}
            _log.warning("caller refused", extra=about)


def _request(response: Response) -> dict[str, Any]:
    return {
        "client": client_of(request),
        "method": request.method[:_LONGEST],
        "path": request.path[:_LONGEST],
        "status": response.status_code,
    }


def _trace() -> dict[str, str]:
    """The trace that the request belongs to, where its client or the edge says so."""
    told = request.headers.get("Traceparent", "")
    return {"traceparent": told[:KNOWN]} if is_valid(told) else {}


def _reason(response: Response) -> str:
    """Why the request failed, as its answer says; empty for success."""
    if response.status_code < HTTPStatus.BAD_REQUEST:
        return ""
    told = response.get_json(silent=True) or {}
    return str(told.get("message", "")).removeprefix("<Error> ")[:_LONGEST]
