"""Connections to the servers: they are kept for later requests, and break off where a server is lost."""

from __future__ import annotations

import errno
import socket
import threading
from collections.abc import Callable, Collection
from contextvars import ContextVar
from http import HTTPStatus
from queue import Empty

import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ProtocolError, ReadTimeoutError

from balancer.adapters.flask_plane.incoming import Incoming

_CONNECT_TIMEOUT = 0.25
"""Seconds that connecting may take. The kernel sends a lost SYN again only after 1 s, so waiting a bit longer would not
help."""
_LOST = [
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 2),
    (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 3000),
]
"""Socket options, in seconds, probes and milliseconds. A connection to a server that is off the network breaks off
within 3 s; a slow server keeps its connection."""

ATTEMPT_ERRORS = (HTTPError, OSError)
"""The errors of an attempt that gets no answer."""

_target: ContextVar[str] = ContextVar("target")


class _Connection(urllib3.connection.HTTPConnection):
    """A connection that sends the target as the client wrote it. urllib3 itself would encode some characters again."""

    def putrequest(self, method: str, url: str, skip_host: bool = False, skip_accept_encoding: bool = False) -> None:
        target = _target.get()
        super().putrequest(method, target if target.isascii() else url, skip_host, skip_accept_encoding)


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class Connections:
    """`present` returns the addresses of the present servers. `response_timeout`: in seconds."""

    def __init__(self, *, response_timeout: float, present: Callable[[], Collection[str]]) -> None:
        self._timeout = urllib3.Timeout(connect=_CONNECT_TIMEOUT, read=response_timeout)
        self._present = present
        self._pools: dict[str, _Pool] = {}
        self._lock = threading.Lock()

    def ask(self, address: str, incoming: Incoming, took: Callable[[int], None]) -> urllib3.BaseHTTPResponse:
        """Sends a request; returns the head of the answer, the body not yet read. Raises ATTEMPT_ERRORS, also for an
        interim answer (1xx): no request here asks for one, and what follows it is no answer to the next request.
        `took` is told how many bytes of a streamed body go to the server, each time."""
        _target.set(incoming.target)
        answer = self._pool(address).urlopen(
            incoming.method,
            incoming.target,
            body=incoming.body_to_send(took),
            headers=incoming.headers,
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
                options = [*_Connection.default_socket_options, *_LOST]
                self._pools[address] = _Pool(host, int(port), maxsize=64, timeout=self._timeout, socket_options=options)
            return self._pools[address]


def was_too_slow(error: Exception) -> bool:
    """Whether the response timeout is over. Where the kernel gave up the connection the result is False, though Python
    and urllib3 call that a timeout, too."""
    is_lost = isinstance(error.__cause__, OSError) and error.__cause__.errno == errno.ETIMEDOUT
    return isinstance(error, ReadTimeoutError) and not is_lost


def was_never_sent(error: Exception) -> bool:
    return isinstance(error, NewConnectionError | ConnectTimeoutError)
