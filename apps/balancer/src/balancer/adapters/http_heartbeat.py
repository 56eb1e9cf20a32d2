"""One heartbeat over HTTP: a GET on a connection of its own, and what its answer says. Nothing here waits."""

from __future__ import annotations

import re
import socket
from contextlib import suppress
from dataclasses import dataclass

from balancer.core.heartbeat import Heartbeat

_STATUS_LINE = re.compile(rb"HTTP/1\.[01] ([1-5][0-9]{2})[ \r\n]")
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
_LOCATION = re.compile(rb"\r?\nlocation:[ \t]*([\x21-\x7e]{1,200})", re.IGNORECASE)
_LONGEST_HEAD = 65536


@dataclass(eq=False, slots=True)
class HttpHeartbeat:
    """`connection` does not block. `sent`: when the heartbeat began."""

    number: int
    address: str
    heartbeat: Heartbeat
    connection: socket.socket
    sent: float
    head: bytes = b""

    def connect(self) -> None:
        """Begins to connect. After an error the connection is closed. Raises OSError, and ValueError for what is no
        address."""
        host, _, port = self.address.rpartition(":")
        try:
            self.connection.setblocking(False)
            with suppress(BlockingIOError):
                self.connection.connect((host, int(port)))
        except (OSError, ValueError):
            self.connection.close()
            raise

    def send(self) -> None:
        """Sends the request on the connection that is made by now. Raises OSError."""
        asked = self.heartbeat
        request = (
            f"GET {asked.path} HTTP/1.1\r\nHost: {asked.host or self.address}\r\n"
            "User-Agent: ringmaster\r\nConnection: close\r\n\r\n"
        )
        self.connection.sendall(request.encode())

    def receive(self) -> bool:
        """Takes in what has come. Returns whether the head of the answer is complete, or nothing more will come."""
        part = self.connection.recv(4096)
        self.head += part
        return not part or len(self.head) >= _LONGEST_HEAD or _END_OF_HEAD.search(self.head) is not None

    @property
    def is_good(self) -> bool:
        """Whether the answer says that the server is well."""
        answer = _STATUS_LINE.match(self.head)
        return answer is not None and self.heartbeat.accepts(int(answer[1]))

    @property
    def seen(self) -> str:
        """The answer in a few words, for users. Nothing of a body is in them."""
        answer = _STATUS_LINE.match(self.head)
        if answer is None:
            return "an answer that is not HTTP" if self.head else "the connection was closed without an answer"
        status = answer[1].decode()
        location = _LOCATION.search(_END_OF_HEAD.split(self.head)[0])
        if status.startswith("3") and location:
            return f"{status} to {location[1].decode()}"
        return f"answered {status}"
