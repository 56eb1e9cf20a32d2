"""A real HTTP server on loopback, or where a test wants it. A test decides every byte of its answers."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR
from types import TracebackType
from typing import Any


@dataclass(frozen=True, slots=True)
class Received:
    """A received request. `chunks`: the sizes of the body's chunks, empty for a body without chunks."""

    method: str
    target: str
    headers: Message
    body: bytes
    chunks: tuple[int, ...] = ()


class Exchange(BaseHTTPRequestHandler):
    """One request, with methods to answer it."""

    protocol_version = "HTTP/1.1"

    def reply(
        self, status: int = 200, body: bytes = b"", *, headers: Iterable[tuple[str, str]] = (), length: bool = True
    ) -> None:
        self.send_response_only(status)
        if length:
            self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def begin_chunks(self) -> None:
        self.send_response_only(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def chunk(self, data: bytes) -> None:
        """Sends one chunk. An empty chunk ends the answer."""
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
        self.wfile.flush()

    def raw(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()

    def break_off(self) -> None:
        """Closes the connection at once, even in the middle of an answer."""
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(SHUT_RDWR)

    def wait(self, event: threading.Event) -> None:
        event.wait(20)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class's name for it)
        """Logs nothing."""


Answer = Callable[[Exchange], None]


class WebServer:
    """Answers every request with `answer`, and keeps the requests in `received`. It runs within a with statement.
    `host`: the address where it listens."""

    def __init__(self, answer: Answer, host: str = "127.0.0.1") -> None:
        self.answer = answer
        self.received: list[Received] = []
        outer = self

        class Handler(Exchange):
            def handle_any(self) -> None:
                chunks, body = _body(self)
                target = self.requestline.split(" ")[1]  # self.path would be normalised
                outer.received.append(Received(self.command, target, self.headers, body, chunks))
                with suppress(BrokenPipeError, ConnectionResetError):
                    outer.answer(self)

            def __getattr__(self, name: str) -> Callable[[], None]:
                if name.startswith("do_"):
                    return self.handle_any
                raise AttributeError(name)

        self._server = _Server((host, 0), Handler)
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, name="web server", daemon=True
        )

    @property
    def address(self) -> str:
        host, port = self._server.server_address[:2]
        return f"{host!s}:{port}"

    def __enter__(self) -> WebServer:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.close_connections()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    """Can close all its connections, so that an idle connection of a client keeps no thread alive."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._connections: set[Any] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def close_connections(self) -> None:
        for connection in list(self._connections):
            with suppress(OSError):
                connection.shutdown(SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Logs nothing: most such errors are clients that have closed their connections."""


def _body(exchange: Exchange) -> tuple[tuple[int, ...], bytes]:
    if exchange.headers.get("Transfer-Encoding", "") != "chunked":
        return (), exchange.rfile.read(int(exchange.headers.get("Content-Length", 0)))
    sizes: list[int] = []
    body = b""
    while size := int(exchange.rfile.readline(), 16):
        sizes.append(size)
        body += exchange.rfile.read(size)
        exchange.rfile.readline()
    exchange.rfile.readline()
    return tuple(sizes), body
