"""Connections to the servers: kept for the next request, and given up where a server is lost."""

from __future__ import annotations

import errno
import socket
import threading
from collections.abc import Callable, Collection
from contextvars import ContextVar
from http import HTTPStatus

import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ProtocolError, ReadTimeoutError

from balancer.adapters.flask_plane.incoming import Incoming

_CONNECT_TIMEOUT = 0.25
"""Seconds. A lost SYN is sent again after one: to wait longer than this and shorter than that is of no use."""
_LOST = [
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 2),
    (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 3000),
]
"""A server that is off the network is noticed within 3 s, by these numbers of seconds, probes and milliseconds, while
one that only takes its time is left to it."""

Failure = (HTTPError, OSError)
"""What keeps an answer from coming."""

_target: ContextVar[str] = ContextVar("target")


class _Connection(urllib3.connection.HTTPConnection):
    """Sends the target as the client wrote it; urllib3 would write some characters in another way."""

    def putrequest(self, method: str, url: str, skip_host: bool = False, skip_accept_encoding: bool = False) -> None:
        target = _target.get()
        super().putrequest(method, target if target.isascii() else url, skip_host, skip_accept_encoding)


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class Connections:
    """`present()` are the addresses of today's servers. `response_timeout` in seconds."""

    def __init__(self, *, response_timeout: float, present: Callable[[], Collection[str]]) -> None:
        self._timeout = urllib3.Timeout(connect=_CONNECT_TIMEOUT, read=response_timeout)
        self._present = present
        self._pools: dict[str, _Pool] = {}
        self._lock = threading.Lock()

    def ask(self, address: str, incoming: Incoming) -> urllib3.BaseHTTPResponse:
        """The head of a server's answer, its body not read yet. Raises Failure, also for an interim answer (1xx), which
        nobody asked for here: what follows on its connection is no answer to the next request."""
        _target.set(incoming.target)
        answer = self._pool(address).urlopen(
            incoming.method,
            incoming.target,
            body=incoming.body,
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

    def _pool(self, address: str) -> _Pool:
        """One pool per server; those of servers that are gone are dropped."""
        with self._lock:
            if address not in self._pools:
                present = self._present()
                self._pools = {known: pool for known, pool in self._pools.items() if known in present}
                host, _, port = address.rpartition(":")
                options = [*_Connection.default_socket_options, *_LOST]
                self._pools[address] = _Pool(host, int(port), maxsize=64, timeout=self._timeout, socket_options=options)
            return self._pools[address]


def was_too_slow(error: Exception) -> bool:
    """Whether we gave up the waiting, rather than the kernel the connection; Python and urllib3 call both a timeout."""
    is_lost = isinstance(error.__cause__, OSError) and error.__cause__.errno == errno.ETIMEDOUT
    return isinstance(error, ReadTimeoutError) and not is_lost


def was_never_sent(error: Exception) -> bool:
    return isinstance(error, NewConnectionError | ConnectTimeoutError)
