"""HAProxy's Runtime API over its unix socket: it sends commands and returns answers as text, and interprets neither."""

from __future__ import annotations

import socket
import time
from pathlib import Path

from balancer.core.errors import PlaneUnavailable

_TIMEOUT = 5.0
"""Seconds that one command may take where nothing else is said. A working HAProxy answers in milliseconds."""


_PAUSE = 0.01


class RuntimeApi:
    """Commands to the unix socket at `path`, each over its own connection. `retry_for`: seconds for which connecting is
    tried again while HAProxy does not listen. `timeout`: seconds that one command may take."""

    def __init__(self, path: Path, *, retry_for: float = 0, timeout: float | None = None) -> None:
        self._path = path
        self._retry_for = retry_for
        self._timeout = _TIMEOUT if timeout is None else timeout

    def ask(self, command: str, payload: str = "") -> str:
        """The answer to one command, without surrounding blank lines. `payload`: lines, none of them empty. Raises
        PlaneUnavailable."""
        text = f"{command} <<\n{payload}\n\n" if payload else f"{command}\n"
        try:
            with self._connection() as connection:
                connection.sendall(text.encode("ascii"))
                connection.shutdown(socket.SHUT_WR)
                return _read(connection).strip()
        except OSError as error:
            raise PlaneUnavailable(f"the edge does not answer at {self._path}: {error}") from error

    def do(self, command: str, payload: str = "", *, expect: str = "") -> str:
        """Like `ask`, but also raises PlaneUnavailable where the answer does not start with `expect`. An empty `expect`
        stands for an empty answer."""
        answer = self.ask(command, payload)
        if answer != expect and not (expect and answer.startswith(expect)):
            raise PlaneUnavailable(f"the edge refused {command!r}: {answer}")
        return answer

    def _connection(self) -> socket.socket:
        end = time.monotonic() + self._retry_for
        while True:
            connection = socket.socket(socket.AF_UNIX)
            connection.settimeout(self._timeout)
            try:
                connection.connect(str(self._path))
            except OSError as error:
                connection.close()
                if not isinstance(error, ConnectionRefusedError) or time.monotonic() >= end:
                    raise
                time.sleep(_PAUSE)
            else:
                return connection


def _read(connection: socket.socket) -> str:
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts).decode("utf-8", errors="replace")
