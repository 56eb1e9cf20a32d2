"""The edge's metrics: HAProxy's own exporter, asked over its unix socket, with labels that are stable over a roll."""

from __future__ import annotations

import re
import socket
import time
from http.client import HTTPConnection, HTTPException, HTTPResponse
from pathlib import Path

from balancer.adapters.haproxy.names import AGAIN, EXPORTER
from balancer.adapters.haproxy.statistics import Statistics
from balancer.core.errors import PlaneUnavailable
from balancer.core.routes import hostname

_QUESTION = "/?scope=frontend&scope=backend&scope=server&no-maint&metrics=-haproxy_server_check_status"
"""Servers in maintenance only finish what they have. The state of a check is a series for each of 22 states."""

_TIMEOUT = 2.0
"""Seconds for which HAProxy may send nothing."""
_WITHIN = 3.0
"""Seconds for the whole text. The edge waits 4 s for an answer to a question."""
_PROCESSES_WITHIN = 1.0
"""Seconds that the master process may take to name its processes, beside those in which it may not listen: where it
hangs, the balancer's metrics still come within those 4 s."""
_LONGEST = 16 * 1024 * 1024
"""Bytes. A server has about 4 KiB, a frontend or backend too."""

_SERVER = re.compile(r'^(haproxy_server_[a-z_]+\{proxy="fleet",)server="([^"]*)"(.*\n)', re.MULTILINE)


class HaproxyExporter:
    """An EdgeMetrics. `directory`: the folder of the edge's sockets."""

    def __init__(self, directory: Path) -> None:
        self._socket = directory / EXPORTER
        self._statistics = Statistics(directory, timeout=_PROCESSES_WITHIN)

    def exposition(self) -> str:
        try:
            return with_hostnames(self._asked())
        except (OSError, HTTPException) as error:
            raise PlaneUnavailable(f"the edge's exporter does not answer at {self._socket}: {error}") from error

    def old_processes(self) -> int:
        return len(self._statistics.old_processes())

    def _asked(self) -> str:
        connection = _UnixConnection(self._socket)
        try:
            connection.request("GET", _QUESTION)
            response = connection.getresponse()
            if response.status != 200:
                raise HTTPException(f"it answered {response.status}")
            return _read(response).decode()
        finally:
            connection.close()


def with_hostnames(text: str) -> str:
    """The exporter's text, with the hostname as the label `server` of each server of the fleet, and the instance as
    `container`. The server that is none, the way of a repeated request, is left out."""

    def renamed(line: re.Match[str]) -> str:
        before, instance, rest = line.groups()
        if instance == AGAIN:
            return ""
        return f'{before}server="{hostname(instance)}",container="{instance}"{rest}'

    return _SERVER.sub(renamed, text)


class _UnixConnection(HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=_TIMEOUT)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(_TIMEOUT)
        self.sock.connect(str(self._path))


def _read(response: HTTPResponse) -> bytes:
    """The whole body. Raises OSError where it takes too long or is too long."""
    end = time.monotonic() + _WITHIN
    parts = []
    size = 0
    while part := response.read1(65536):
        parts.append(part)
        size += len(part)
        if size > _LONGEST or time.monotonic() > end:
            raise TimeoutError(f"its text is not there after {_WITHIN:g} s, or is too long")
    return b"".join(parts)
