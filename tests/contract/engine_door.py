"""A door to the Docker engine that can be shut: to whoever comes through it the engine is away then."""

from __future__ import annotations

import gc
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from tests.deployment import SOCKET


class EngineDoor:
    """A unix socket at `path` that passes everything on to the engine and back while it is open. `engine`: its
    socket.

    The Docker client leaves sockets that could not connect to the garbage collector, which would meet them in another
    test: so they are collected here."""

    def __init__(self, path: Path, engine: Path = SOCKET) -> None:
        self.path = path
        self._engine = engine
        self._listener: socket.socket | None = None
        self._ends: list[socket.socket] = []
        self._threads: list[threading.Thread] = []

    def open(self) -> None:
        gc.collect()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(self.path))
        self._listener.listen()
        self._spawn(self._accept, self._listener)

    def shut(self) -> None:
        """Nobody comes in any more, and who is in is thrown out."""
        if self._listener is None:
            return
        self.path.unlink()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        for end in self._ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for end in (self._listener, *self._ends):
            end.close()
        self._listener = None
        self._ends.clear()
        self._threads.clear()
        gc.collect()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                guest, _ = listener.accept()
                engine = socket.socket(socket.AF_UNIX)
                engine.connect(str(self._engine))
                self._ends += [guest, engine]
                self._spawn(self._pass_on, guest, engine)
                self._spawn(self._pass_on, engine, guest)

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while part := source.recv(65536):
                target.sendall(part)
            target.shutdown(socket.SHUT_WR)

    def _spawn(self, work: Callable[..., None], *arguments: socket.socket) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()
