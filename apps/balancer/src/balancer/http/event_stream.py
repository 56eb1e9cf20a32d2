"""Server-sent events: a few clients at once get each event as it happens, for as long as they listen."""

from __future__ import annotations

import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flask import Response
from werkzeug.exceptions import ServiceUnavailable

from balancer.core.event import Event
from balancer.ports import answers
from balancer.service.event_log import EventLog

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

CONTENT_TYPE = "text/event-stream"
STOPPING = "ringmaster.stopping"
"""Where the WSGI environment has the function that tells whether this process is about to end."""
MOST = 16
"""Streams at once: each takes one of gunicorn's threads."""

_LOOK = 1.0
"""Seconds between two looks at client and process while nothing happens."""
_ALIVE = 10.0
"""Seconds between two comments, which keep whatever stands between from closing an idle connection."""
_STALL = 2.0
"""Seconds that a client may take nothing of what it is sent; it can come back and go on where it was."""
_LOST = 30_000
"""Milliseconds that a client's machine may confirm nothing."""
_FULL = f"{MOST} streams of events are open already: close one, or ask for /events?since=… now and then"
_WATCHED = select.POLLOUT | select.POLLRDHUP


class EventStreams:
    def __init__(self, events: EventLog) -> None:
        self._events = events
        self._free = threading.BoundedSemaphore(MOST)

    def open(self, after: int | None, wanted: Callable[[Event], bool], environ: WSGIEnvironment) -> Response:
        """The wanted events after that of a number, or from now on. Raises ServiceUnavailable (503)."""
        client = Client(environ["gunicorn.socket"])
        begin = self._events.last if after is None else after
        if not self._free.acquire(blocking=False):
            raise ServiceUnavailable(_FULL)
        pieces = client.taking(self._pieces(begin, wanted, environ[STOPPING]))
        response = Response(pieces, content_type=CONTENT_TYPE, headers={"Cache-Control": "no-store"})
        response.call_on_close(self._free.release)
        return response

    def _pieces(self, after: int, wanted: Callable[[Event], bool], stopping: Callable[[], bool]) -> Iterator[str]:
        """What to send; an empty piece is a moment to see whether the client is still there."""
        yield "retry: 1000\n\n"
        alive = time.monotonic()
        while not stopping():
            page = self._events.follow(after, _LOOK)
            after = page.next
            if page.dropped:
                yield f"event: dropped\ndata: {page.dropped}\n\n"
            yield from (_text(event) for event in page.events if wanted(event))
            is_due = time.monotonic() - alive >= _ALIVE
            if is_due:
                alive = time.monotonic()
            yield ": alive\n\n" if is_due else ""


class Client:
    """The other end of a connection. gunicorn by itself notices only in writing that it is gone, and waits for ever
    while it reads nothing, even when the process is to end."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        with suppress(OSError):  # it may be gone already
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _LOST)
        self._watch = select.poll()
        self._watch.register(connection, _WATCHED)

    def taking(self, pieces: Iterator[str]) -> Iterator[str]:
        """The pieces, as long as the client takes them."""
        for piece in pieces:
            if not self._listens():
                self._hang_up()
                return
            if piece:
                yield piece

    def _hang_up(self) -> None:
        """So that gunicorn, which ends the answer, neither waits nor finds an error to log with its trace."""
        self._connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)  # reading it clears it
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def _listens(self) -> bool:
        return [state for _, state in self._watch.poll(_STALL * 1000)] == [select.POLLOUT]


def document(event: Event) -> dict[str, Any]:
    """With the time as the logs have it."""
    moment = datetime.fromtimestamp(event.time, UTC)
    return event.document() | {"time": moment.isoformat(timespec="milliseconds")}


def _text(event: Event) -> str:
    return f"id: {event.number}\nevent: {event.kind}\ndata: {answers.compact(document(event))}\n\n"
