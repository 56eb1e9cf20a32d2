"""A heartbeat over HTTP: GET the heartbeat path, 200 in time or dead."""

from __future__ import annotations

import http.client
import time


class HttpProbe:
    """`path` on every server; `timeout` seconds for the whole answer's head, connecting included."""

    def __init__(self, *, path: str, timeout: float) -> None:
        self._path = path
        self._timeout = timeout

    def alive(self, address: str) -> bool:
        host, _, port = address.rpartition(":")
        if not host:
            return False
        deadline = time.monotonic() + self._timeout
        connection = http.client.HTTPConnection(host, int(port), timeout=self._timeout)
        try:
            connection.connect()
            connection.sock.settimeout(max(0.001, deadline - time.monotonic()))
            connection.request("GET", self._path, headers={"Connection": "close", "User-Agent": "ringmaster"})
            return connection.getresponse().status == http.client.OK and time.monotonic() <= deadline
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
