"""HAProxy's Runtime API over its unix socket: it sends commands and returns answers as text, and interprets neither."""

from __future__ import annotations

import socket
import time
from collections import deque
from collections.abc import Iterable
from contextlib import ExitStack
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
        with self._asked(command, payload) as connection:
            return self._answer(connection)

    def do(self, command: str, payload: str = "", *, expect: str = "") -> str:
        """Like `ask`, but also raises PlaneUnavailable where the answer does not start with `expect`. An empty `expect`
        stands for an empty answer."""
        return _expected(command, self.ask(command, payload), expect)

    def do_all(self, commands: Iterable[tuple[str, str]], *, at_once: int) -> None:
        """Does many commands with their payloads, in no certain order, on so many connections at the same time: HAProxy
        works on one while another is on its way. Each answer is to be empty."""
        under_way: deque[tuple[str, socket.socket]] = deque()
        with ExitStack() as opened:
            for command, payload in commands:
                if len(under_way) == at_once:
                    self._done(*under_way.popleft())
                under_way.append((command, opened.enter_context(self._asked(command, payload))))
            for each in under_way:
                self._done(*each)

    def _done(self, command: str, connection: socket.socket) -> None:
        with connection:
            _expected(command, self._answer(connection), "")

    def _asked(self, command: str, payload: str) -> socket.socket:
        """A connection on which the command is sent."""
        text = f"{command} <<\n{payload}\n\n" if payload else f"{command}\n"
        try:
            connection = self._connection()
        except OSError as error:
            raise self._unavailable(error) from error
        try:
            connection.sendall(text.encode("ascii"))
            connection.shutdown(socket.SHUT_WR)
        except OSError as error:
            connection.close()
            raise self._unavailable(error) from error
        return connection

    def _answer(self, connection: socket.socket) -> str:
        try:
            return _read(connection).strip()
        except OSError as error:
            raise self._unavailable(error) from error

    def _unavailable(self, error: OSError) -> PlaneUnavailable:
        return PlaneUnavailable(f"the edge does not answer at {self._path}: {error}")

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


def _expected(command: str, answer: str, expect: str) -> str:
    if answer != expect and not (expect and answer.startswith(expect)):
        raise PlaneUnavailable(f"the edge refused {command!r}: {answer}")
    return answer


def _read(connection: socket.socket) -> str:
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts).decode("utf-8", errors="replace")
