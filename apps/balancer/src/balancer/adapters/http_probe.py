"""A heartbeat over HTTP: GET the heartbeat path, 200 in time or dead."""

from __future__ import annotations

import re
import socket
import time

_WELL = re.compile(rb"HTTP/1\.[01] 200[ \r\n]")
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
_LONGEST_HEAD = 65536


class HttpProbe:
    """`path` on every server; `timeout` seconds for the whole answer's head, connecting included.

    It reads by itself: http.client's timeout begins anew with every byte, and one server that drips its answer would
    hold up the heartbeats of all.
    """

    def __init__(self, *, path: str, timeout: float) -> None:
        self._path = path
        self._timeout = timeout

    def alive(self, address: str) -> bool:
        host, _, port = address.rpartition(":")
        if not host:
            return False
        deadline = time.monotonic() + self._timeout
        request = f"GET {self._path} HTTP/1.1\r\nHost: {address}\r\nUser-Agent: ringmaster\r\nConnection: close\r\n\r\n"
        try:
            with socket.create_connection((host, int(port)), timeout=self._timeout) as connection:
                connection.sendall(request.encode())
                return _WELL.match(_head(connection, deadline)) is not None
        except OSError:
            return False


def _head(connection: socket.socket, deadline: float) -> bytes:
    """The answer as far as the empty line at least, or the end. Raises TimeoutError at the deadline."""
    head = b""
    while len(head) < _LONGEST_HEAD and not _END_OF_HEAD.search(head):
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(left)
        part = connection.recv(4096)
        if not part:
            break
        head += part
    return head
