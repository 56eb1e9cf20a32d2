"""Event streams: a client gets each event as it happens, as server-sent events. At most MOST clients at once."""

from __future__ import annotations

import select
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from flask import Response
from werkzeug.exceptions import ServiceUnavailable

from balancer.core.event import Event
from balancer.http import event_documents as documents
from balancer.ports import answers
from balancer.service.event_log import EventLog

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

CONTENT_TYPE = "text/event-stream"
STOPPING = "ringmaster.stopping"
"""Key in the WSGI environment of a function that returns whether this process is about to end."""
MOST = 16
"""The most streams at once. Each stream occupies one of gunicorn's threads."""

_LOOK = 1.0
"""Seconds between two checks of client and process while there is no event."""
_ALIVE = 10.0
"""Seconds between two comments in a stream. They keep proxies on the way from closing an idle connection."""
_STALL = 2.0
"""Seconds for which a client may read nothing. After that the stream ends; the client can resume it later."""
_LOST = 30_000
"""Milliseconds for which a client's machine may acknowledge no data."""
_FULL = f"{MOST} streams of events are open already: close one, or ask for /events?since=… now and then"
_WATCHED = select.POLLOUT | select.POLLRDHUP


class EventStreams:
    def __init__(self, events: EventLog) -> None:
        self._events = events
        self._free = threading.BoundedSemaphore(MOST)

    def open(
        self,
        after: int | None,
        wanted: Callable[[Event], bool],
        environ: WSGIEnvironment,
        *,
        may_go_on: Callable[[], bool],
    ) -> Response:
        """A stream of the wanted events after the event number `after`; None for new events only. It ends where
        `may_go_on` says no. Raises ServiceUnavailable (503) when MOST streams are open."""
        client = Client(environ["gunicorn.socket"])
        begin = self._events.last if after is None else after
        if not self._free.acquire(blocking=False):
            raise ServiceUnavailable(_FULL)
        pieces = client.taking(self._pieces(begin, wanted, environ[STOPPING], may_go_on))
        response = Response(pieces, content_type=CONTENT_TYPE, headers={"Cache-Control": "no-store"})
        response.call_on_close(self._free.release)
        return response

    def _pieces(
        self, after: int, wanted: Callable[[Event], bool], stopping: Callable[[], bool], may_go_on: Callable[[], bool]
    ) -> Iterator[str]:
        """The pieces of the stream. An empty piece is not sent: it only makes the caller check the client."""
        yield "retry: 1000\n\n"
        alive = time.monotonic()
        while not stopping():
            page = self._events.follow(after, _LOOK)
            if not may_go_on():
                return
            after = page.next
            if page.dropped:
                yield f"event: dropped\ndata: {page.dropped}\n\n"
            yield from (_text(event) for event in page.events if wanted(event))
            is_due = time.monotonic() - alive >= _ALIVE
            if is_due:
                alive = time.monotonic()
            yield ": alive\n\n" if is_due else ""


class Client:
    """The client at the other end of a connection. gunicorn itself notices only when it writes that a client is gone,
    and waits for ever for a client that reads nothing, even when the process is to end."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        with suppress(OSError):  # the client may be gone already
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _LOST)
        self._watch = select.poll()
        self._watch.register(connection, _WATCHED)

    def taking(self, pieces: Iterator[str]) -> Iterator[str]:
        """The pieces, as long as the client reads them."""
        for piece in pieces:
            if not self._listens():
                self._hang_up()
                return
            if piece:
                yield piece

    def _hang_up(self) -> None:
        """Shuts the connection down. So gunicorn, which ends the answer, does not wait and logs no error with a
        trace."""
        self._connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)  # reading the error clears it
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def _listens(self) -> bool:
        return [state for _, state in self._watch.poll(_STALL * 1000)] == [select.POLLOUT]


def _text(event: Event) -> str:
    data = answers.compact(documents.Event.of(event).model_dump(mode="json"))
    return f"id: {event.number}\nevent: {event.kind}\ndata: {data}\n\n"
