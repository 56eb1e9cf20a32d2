"""Unix sockets that answer like HAProxy's Runtime API: one command a connection, then the end."""

from __future__ import annotations

import socketserver
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.serving import serving


class RuntimeSocket:
    """`answer` gives the text for a command; `commands` are those that came, with their payload."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.commands: list[str] = []
        self.answer: Callable[[str], str] = lambda _: ""

    @contextmanager
    def serving(self) -> Iterator[RuntimeSocket]:
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                command = self.rfile.read().decode()
                outer.commands.append(command)
                self.wfile.write(outer.answer(command).encode())

        with serving(socketserver.ThreadingUnixStreamServer(str(self.path), Handler)):
            yield self


@pytest.fixture
def directory() -> Iterator[Path]:
    """A short path: a unix socket's has room for 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="rm-edge-") as directory:
        yield Path(directory)


@pytest.fixture
def runtime_socket(directory: Path) -> Iterator[RuntimeSocket]:
    with RuntimeSocket(directory / "runtime.sock").serving() as runtime_socket:
        yield runtime_socket


@pytest.fixture
def master_socket(directory: Path) -> Iterator[RuntimeSocket]:
    with RuntimeSocket(directory / "master.sock").serving() as master_socket:
        yield master_socket
