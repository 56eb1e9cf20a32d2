"""Connections to the servers: they are kept for later requests, and break off where a server is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from contextvars import ContextVar
from http import HTTPStatus
from queue import Empty
from typing import Any

import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ProtocolError

from balancer.adapters.flask_plane.incoming import Incoming
from balancer.adapters.flask_plane.watched_socket import KEEPALIVE, Patience, ServerTooSlow, WatchedSocket

_CONNECT_TIMEOUT = 0.25
"""Seconds that connecting may take. The kernel sends a lost SYN again only after 1 s, so waiting a bit longer would not
help."""

ATTEMPT_ERRORS = (HTTPError, OSError)
"""The errors of an attempt that gets no answer."""

_target: ContextVar[str] = ContextVar("target")
_patience: ContextVar[Patience] = ContextVar("patience")


class _Connection(urllib3.connection.HTTPConnection):
    """A connection that sends the target as the client wrote it (urllib3 itself would encode some characters again),
    and waits as long as the patience of the present request says."""

    sock: WatchedSocket | None

    def connect(self) -> None:
        super().connect()
        self.sock = WatchedSocket.of(self.sock, _patience.get())  # type: ignore[arg-type]

    def putrequest(self, method: str, url: str, skip_host: bool = False, skip_accept_encoding: bool = False) -> None:
        if self.sock is not None:
            self.sock.patience = _patience.get()
        target = _target.get()
        super().putrequest(method, target if target.isascii() else url, skip_host, skip_accept_encoding)


class _Pool(urllib3.HTTPConnectionPool):
    """`kept`: whether a connection stays open after its answer."""

    ConnectionCls = _Connection
    kept = True

    def _put_conn(self, conn: Any) -> None:
        if conn is not None and not self.kept:
            conn.close()
        super()._put_conn(conn)


class Connections:
    """`present` returns the addresses of the present servers. `response_timeout`: seconds to the head of an answer.
    `stream_timeout`: seconds that an answer which has begun may be silent. `kept`: connections are used again."""

    def __init__(
        self, *, response_timeout: float, stream_timeout: float, kept: bool, present: Callable[[], Collection[str]]
    ) -> None:
        self._response_timeout = response_timeout
        self._stream_timeout = stream_timeout
        self._kept = kept
        self._present = present
        self._pools: dict[str, _Pool] = {}
        self._lock = threading.Lock()

    def ask(self, address: str, incoming: Incoming, took: Callable[[int], None]) -> urllib3.BaseHTTPResponse:
        """Sends a request; returns the head of the answer, the body not yet read. Raises ATTEMPT_ERRORS, also for an
        interim answer (1xx): no request here asks for one, and what follows it is no answer to the next request.
        `took` is told how many bytes of a streamed body go to the server, each time."""
        patience = Patience(self._response_timeout, incoming.connection)
        _patience.set(patience)
        _target.set(incoming.target)
        answer = self._pool(address).urlopen(
            incoming.method,
            incoming.target,
            body=incoming.body_to_send(took),
            headers=incoming.headers if self._kept else incoming.headers | {"Connection": "close"},
            chunked=incoming.is_chunked,
            redirect=False,
            retries=False,
            preload_content=False,
            decode_content=False,
            assert_same_host=False,
        )
        if answer.status < HTTPStatus.OK:
            answer.close()
            raise ProtocolError(f"an interim answer that nobody asked for: {answer.status}")
        patience.seconds = self._stream_timeout
        return answer

    def close_idle(self, address: str) -> None:
        """Closes the connections to the server that no request uses now."""
        with self._lock:
            pool = self._pools.get(address)
        idle = pool.pool if pool else None
        while idle is not None:
            try:
                connection = idle.get(block=False)
            except Empty:
                return
            if connection:
                connection.close()

    def _pool(self, address: str) -> _Pool:
        """The pool of a server. The pools of servers that are gone are dropped."""
        with self._lock:
            if address not in self._pools:
                present = self._present()
                self._pools = {known: pool for known, pool in self._pools.items() if known in present}
                host, _, port = address.rpartition(":")
                self._pools[address] = _Pool(
                    host,
                    int(port),
                    maxsize=64,
                    timeout=urllib3.Timeout(connect=_CONNECT_TIMEOUT, read=None),  # the patience is the limit
                    socket_options=[*_Connection.default_socket_options, *KEEPALIVE],
                )
                self._pools[address].kept = self._kept
            return self._pools[address]


def was_too_slow(error: Exception) -> bool:
    """Whether the response timeout is over."""
    return isinstance(error, ServerTooSlow)


def was_never_sent(error: Exception) -> bool:
    return isinstance(error, NewConnectionError | ConnectTimeoutError)
