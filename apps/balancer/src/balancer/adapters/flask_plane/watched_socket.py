"""A socket to a server that waits for no lost server, and for no answer whose client has left.

A lost server is one that acknowledges nothing. A server that reads slowly acknowledges that it cannot take more yet,
and may take its time; the kernel's TCP_USER_TIMEOUT would break off both.
"""

from __future__ import annotations

import errno
import select
import socket
import time
from dataclasses import dataclass
from typing import Any

from urllib3.exceptions import HTTPError

KEEPALIVE = [
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 2),
]
"""Socket options, in seconds and probes: the kernel finds a lost server within 3 s while nothing is on its way."""

_LOOK = 0.5
"""Seconds between two looks at what is on its way."""
_UNANSWERED = 3
"""Sendings in a row that a living server's kernel does not leave unanswered. The first ones come within 1.4 s."""
_TCP_INFO_BYTES = 8
_RETRANSMITS, _PROBES = 2, 3
"""Offsets of tcpi_retransmits and tcpi_probes in the kernel's struct tcp_info."""
_LEFT = select.POLLRDHUP | select.POLLHUP | select.POLLERR


class ServerTooSlow(HTTPError):
    """The server did nothing for as long as it may."""


class ClientLeft(HTTPError):
    """The client has closed its connection, or its side of it."""


@dataclass(slots=True)
class Patience:
    """How long the server may do nothing, in seconds, and the socket of the client that waits; None where unknown."""

    seconds: float
    client: socket.socket | None = None


class WatchedSocket(socket.socket):
    """A connected socket. `patience` is that of the present request."""

    patience: Patience = Patience(0)

    @classmethod
    def of(cls, plain: socket.socket, patience: Patience) -> WatchedSocket:
        """Takes the connection over from a plain socket."""
        timeout = plain.gettimeout()
        watched = cls(plain.family, plain.type, plain.proto, fileno=plain.detach())
        watched.settimeout(timeout)
        watched.patience = patience
        return watched

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0) -> int:
        self._wait(select.POLLIN)
        return super().recv_into(buffer, nbytes, flags)

    def sendall(self, data: Any, flags: int = 0) -> None:
        left = memoryview(data).cast("B")
        while left:
            self._wait(select.POLLOUT)
            left = left[self.send(left, flags) :]

    def _wait(self, event: int) -> None:
        """Returns when the socket is ready. Raises ServerTooSlow, ClientLeft, or OSError for a lost server."""
        poll = select.poll()
        poll.register(self, event)
        client = self.patience.client
        if client is not None and client.fileno() >= 0:
            poll.register(client, select.POLLRDHUP)
        end = time.monotonic() + self.patience.seconds
        while True:
            left = end - time.monotonic()
            ready = dict(poll.poll(max(0.0, min(left, _LOOK)) * 1000))
            if self.fileno() in ready:
                return
            if ready:
                raise ClientLeft("the client has left")
            if self._is_lost():
                raise OSError(errno.ETIMEDOUT, "the server acknowledges nothing")
            if left <= 0:
                raise ServerTooSlow("the server did nothing for too long")

    def _is_lost(self) -> bool:
        told = self.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _TCP_INFO_BYTES)
        return max(told[_RETRANSMITS], told[_PROBES]) >= _UNANSWERED
