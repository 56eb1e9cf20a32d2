"""A stand-in for the engine's socket that a test can cut, so that the engine itself goes on for everybody else."""

from __future__ import annotations

import socket
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.deployment import SOCKET


class EngineProxy:
    """Passes on what comes in at `path` to the engine, unless it is cut: then whoever calls is hung up on."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._listener = socket.socket(socket.AF_UNIX)
        self._open: set[socket.socket] = set()
        self._cut = False
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._listener.bind(str(self.path))
        self.path.chmod(0o666)
        self._listener.listen(64)
        self._run(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()
        for thread in self._threads:
            thread.join()

    def cut(self) -> None:
        with self._lock:
            self._cut = True
            for connection in self._open:
                connection.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        with self._lock:
            self._cut = False

    def _run(self, work: object, *arguments: object) -> None:
        thread = threading.Thread(target=work, args=arguments, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                caller, _ = self._listener.accept()
            except OSError:
                return
            if self._cut:
                caller.close()
                continue
            engine = socket.socket(socket.AF_UNIX)
            engine.connect(str(SOCKET))
            with self._lock:
                self._open |= {caller, engine}
            self._run(self._pass_on, caller, engine)

    def _pass_on(self, caller: socket.socket, engine: socket.socket) -> None:
        """Both ways, until both sides have ended."""
        back = threading.Thread(target=_pour, args=(engine, caller), daemon=True)
        back.start()
        _pour(caller, engine)
        back.join()
        with self._lock:
            self._open -= {caller, engine}
        caller.close()
        engine.close()


def _pour(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue
