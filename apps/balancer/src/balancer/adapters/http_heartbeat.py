"""One heartbeat: a question on a connection of its own, in the protocol that the server speaks. Nothing here waits."""

from __future__ import annotations

import os
import socket
import struct
from dataclasses import dataclass, field
from errno import EINPROGRESS
from typing import Protocol

from balancer.adapters.h2_exchange import H2Exchange
from balancer.adapters.http1_exchange import Http1Exchange
from balancer.core.heartbeat import Heartbeat
from balancer.core.protocol import H2C

_RESET = struct.pack("ii", 1, 0)
"""SO_LINGER with no time: a close sends RST."""
_MOST_PARTS = 4
"""So many parts of 64 KiB are read of what a server sends beyond its answer's head."""


class Exchange(Protocol):
    """The question and what comes back, as bytes. Nothing here knows the connection."""

    request: bytes
    """What is sent first."""

    def take(self, part: bytes) -> bytes | None:
        """Takes in what has come; empty bytes: nothing more will come. Returns what is to be sent back, None where the
        answer is complete or there will be none."""

    @property
    def is_good(self) -> bool:
        """Whether the answer says that the server is well."""

    @property
    def seen(self) -> str:
        """The answer in a few words, for users. Nothing of a body is in them."""


@dataclass(eq=False, slots=True)
class HttpHeartbeat:
    """Its connection does not block. `sent`: when the heartbeat began."""

    number: int
    address: str
    heartbeat: Heartbeat
    sent: float
    connection: socket.socket = field(init=False)
    exchange: Exchange = field(init=False)
    is_asked: bool = False
    """Whether the request is sent."""

    def __post_init__(self) -> None:
        self.exchange = (H2Exchange if self.heartbeat.protocol == H2C else Http1Exchange)(self.address, self.heartbeat)
        self.connection = socket.socket(socket.AF_INET, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)

    def connect(self) -> None:
        """Begins to connect, and sends the request where the connection is made at once, as on one host it is. After an
        error the connection is closed. Raises OSError, and ValueError for what is no address."""
        try:
            self._begin()
            self.send()
        except BlockingIOError:
            pass  # it is not connected yet
        except (OSError, ValueError):
            self.connection.close()
            raise

    def _begin(self) -> None:
        """The kernel does not acknowledge the server's SYN by a packet of its own: the request does it."""
        host, _, port = self.address.rpartition(":")
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0)
        error = self.connection.connect_ex((host, int(port)))
        if error not in (0, EINPROGRESS):
            raise OSError(error, os.strerror(error))

    def send(self) -> None:
        """Sends the request on the connection that is made by now. Raises OSError."""
        self.connection.sendall(self.exchange.request)
        self.is_asked = True

    def receive(self) -> bool:
        """Takes in what has come. Returns whether the answer is complete, or nothing more will come. Raises OSError."""
        reply = self.exchange.take(self.connection.recv(4096))
        if reply:
            self.connection.sendall(reply)
        return reply is None

    def leave(self) -> bool:
        """Closes the connection where the server has closed it, too, or sends much more than a heartbeat asks for.
        Returns whether it did: else call it again when something has come.

        RST tells a server that has closed that nobody waits. It notices nothing, and no kernel keeps the connection for
        the 60 s of TIME_WAIT, no firewall for 120 s. See docs/decisions/0042-a-heartbeat-leaves-no-connection.md."""
        try:
            for _ in range(_MOST_PARTS):
                if not self.connection.recv(65536):
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
                    break
        except BlockingIOError:
            return False
        except OSError:
            pass  # it was reset
        self.connection.close()
        return True

    @property
    def is_good(self) -> bool:
        return self.exchange.is_good

    @property
    def seen(self) -> str:
        return self.exchange.seen
