"""The WSGI application of all listeners: which face answers on which, for how long, and for which client."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from balancer.core.trusted_proxies import TrustedProxies
from balancer.http.event_stream import STOPPING
from balancer.http.guard import CLIENT
from balancer.listeners import EDGE_SOCKETS, PUBLIC_PORT
from balancer.service.loops import Loops

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_ANSWER_TIME = 10.0
"""Seconds for which one piece of an answer of the balancer itself may be sent. A client that reads nothing would occupy
its thread."""


class Application:
    """The socket that a request came in on decides who answers, never the request: `listening` is the name of a unix
    socket or a port → the application. `begin` and `end` are called before the loops start and after they have
    stopped."""

    def __init__(
        self,
        listening: Mapping[str | int, WSGIApplication],
        *,
        proxies: TrustedProxies,
        loops: Loops,
        begin: Callable[[], None] = lambda: None,
        end: Callable[[], None] = lambda: None,
    ) -> None:
        self._listening = listening
        self._proxies = proxies
        self._loops = loops
        self._begin = begin
        self._end = end
        self._stopping: Callable[[], bool] = lambda: False

    def start(self, *, stopping: Callable[[], bool]) -> None:
        """Starts the loops. `stopping` returns whether the web server waits for open answers to end. An event stream
        asks it, because it has no end of its own."""
        self._stopping = stopping
        self._begin()
        self._loops.start()

    def stop(self) -> None:
        self._loops.stop()
        self._end()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ[STOPPING] = self._stopping
        connection = environ["gunicorn.socket"]
        came_in_on: tuple[str, int] | str = connection.getsockname()
        if isinstance(came_in_on, tuple):
            listener: str | int = came_in_on[1]
            forwarded_for = environ.get("HTTP_X_FORWARDED_FOR", "")
            environ[CLIENT] = self._proxies.client(environ.get("REMOTE_ADDR", ""), forwarded_for)
        else:
            listener = came_in_on.rpartition("/")[2]
            environ[CLIENT] = environ.get("HTTP_X_RINGMASTER_CLIENT", "") if listener in EDGE_SOCKETS else ""
        if listener != PUBLIC_PORT:
            connection.settimeout(_ANSWER_TIME)
        return self._listening[listener](environ, start_response)
