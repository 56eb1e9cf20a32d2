"""A server that keeps every byte that it gets, and reads the bytes as strictly as can be."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from socketserver import BaseRequestHandler, ThreadingTCPServer, ThreadingUnixStreamServer

from tests import strict_http
from tests.serving import Serving
from tests.strict_http import Ambiguous, Head, Request

MARKER = b"X-Marker"
"""The header of an answer that names the target of its request."""


@dataclass(slots=True)
class Recorded:
    """One connection: what it received, the whole requests in it, the head of an unfinished last one, and why the
    bytes are ambiguous, empty where they are not."""

    received: bytes = b""
    requests: list[Request] = field(default_factory=list)
    begun: Head | None = None
    wrong: str = ""

    def take(self, data: bytes) -> Iterator[Request]:
        """The requests that the data completes."""
        self.received += data
        taken = sum(request.size for request in self.requests)
        try:
            while request := strict_http.request(self.received[taken:]):
                taken += request.size
                self.requests.append(request)
                yield request
            self.begun = strict_http.head(self.received[taken:]) if len(self.received) > taken else None
        except Ambiguous as error:
            self.wrong = f"{error} in {self.received[taken:]!r}"


class RecordingServer(Serving):
    """Listens at `host`, or where that is a path at this unix socket. Use it in a with
    statement. `targets` are those of all whole requests, in order."""

    def __init__(self, host: str) -> None:
        self.connections: list[Recorded] = []
        self.targets: list[bytes] = []

        class Connection(BaseRequestHandler):
            def handle(connection) -> None:  # noqa: N805 (self is the server here)
                recorded = Recorded()
                self.connections.append(recorded)
                _serve(connection.request, recorded, self.targets)

        is_path = host.startswith("/")
        self._server = _UnixServer(host, Connection) if is_path else _Server((host, 0), Connection)
        super().__init__(self._server)

    @property
    def address(self) -> str:
        """As "ip:port"."""
        host, port = self._server.server_address[:2]
        return f"{host!s}:{port}"


class _Server(ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True
    request_queue_size = 256


class _UnixServer(ThreadingUnixStreamServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256


def _serve(connection: socket.socket, recorded: Recorded, targets: list[bytes]) -> None:
    connection.settimeout(60)
    try:
        while data := connection.recv(65536):
            for request in recorded.take(data):
                targets.append(request.head.target)
                connection.sendall(answer(request))
            if recorded.wrong:
                return
    except OSError:
        """The plane has closed the connection."""


def answer(request: Request) -> bytes:
    return b"HTTP/1.1 200 OK\r\n%b: %b\r\nContent-Length: 0\r\n\r\n" % (MARKER, request.head.target)
