"""A unix socket that answers like HAProxy's Runtime API: one command a connection, then the end."""

from __future__ import annotations

import socketserver
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest


class RuntimeSocket:
    """`answer` gives the text for a command; `commands` are those that came, with their payload."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.commands: list[str] = []
        self.answer: Callable[[str], str] = lambda _: ""

    def serve(self) -> socketserver.UnixStreamServer:
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                command = self.rfile.read().decode()
                outer.commands.append(command)
                self.wfile.write(outer.answer(command).encode())

        return socketserver.ThreadingUnixStreamServer(str(self.path), Handler)


@pytest.fixture
def directory() -> Iterator[Path]:
    """A short path: a unix socket's has room for 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="rm-edge-") as directory:
        yield Path(directory)


@pytest.fixture
def runtime_socket(directory: Path) -> Iterator[RuntimeSocket]:
    runtime_socket = RuntimeSocket(directory / "runtime.sock")
    with runtime_socket.serve() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield runtime_socket
        server.shutdown()
        thread.join()
