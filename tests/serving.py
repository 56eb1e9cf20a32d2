"""Servers of socketserver, and of http.server, that answer in the background of a test."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseServer
from types import TracebackType
from typing import Self


@contextmanager
def serving(server: BaseServer) -> Iterator[None]:
    """A thread serves the server's clients while the block runs. Then the server is closed."""
    with server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


class Serving:
    """What answers as a server in the background, for as long as it is used in a with statement."""

    def __init__(self, server: BaseServer) -> None:
        self._serving = serving(server)

    def __enter__(self) -> Self:
        self._serving.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._serving.__exit__(kind, error, trace)
