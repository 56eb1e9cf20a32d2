"""Somebody on the two sockets where the edge expects the balancer. It notes what comes, and how much at once."""

from __future__ import annotations

import select
import socketserver
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from tests.serving import serving

SOCKETS = ("balancer.sock", "control.sock")


@dataclass(frozen=True, slots=True)
class Came:
    """A request as it came, whole: `socket` is the name of the socket."""

    socket: str
    method: str
    target: str
    headers: Message
    body: bytes


@dataclass(slots=True)
class StandIn:
    """`came`: the requests that were read whole. `running` and `most`: requests now, and the most at once, by socket
    and method ("control.sock GET"). `paused`: while it is set, nothing is answered. `lasts`: seconds that a change
    takes."""

    came: list[Came] = field(default_factory=list)
    most: Counter[str] = field(default_factory=Counter)
    running: Counter[str] = field(default_factory=Counter)
    paused: threading.Event = field(default_factory=threading.Event)
    lasts: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def counted(self, kind: str) -> Iterator[None]:
        with self.lock:
            self.running[kind] += 1
            self.most[kind] = max(self.most[kind], self.running[kind])
        try:
            yield
        finally:
            with self.lock:
                self.running[kind] -= 1

    def of(self, target: str) -> list[Came]:
        return [request for request in self.came if request.target == target]


@contextmanager
def balancer_stand_in(folder: Path) -> Iterator[StandIn]:
    stand_in = StandIn()
    ended = threading.Event()
    with ExitStack() as stack:
        for name in SOCKETS:
            stack.enter_context(_listening(folder / name, stand_in, ended))
        stack.callback(ended.set)
        yield stand_in


@contextmanager
def _listening(path: Path, stand_in: StandIn, ended: threading.Event) -> Iterator[None]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            with stand_in.counted(f"{path.name} GET"):
                while stand_in.paused.is_set() and not ended.wait(0.05):
                    pass
                self.note(b"")
                if self.path == "/events":
                    self.stream()
                else:
                    self.reply()

        def do_POST(self) -> None:
            with stand_in.counted(f"{path.name} POST"):
                self.note(self.body())
                while stand_in.paused.is_set() and not ended.wait(0.05):
                    pass
                ended.wait(stand_in.lasts)
                self.reply()

        do_PUT = do_DELETE = do_PATCH = do_POST  # noqa: N815 (the base class's names for them)

        def body(self) -> bytes:
            if "chunked" not in self.headers.get("Transfer-Encoding", ""):
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return body

        def note(self, body: bytes) -> None:
            stand_in.came.append(Came(path.name, self.command, self.path, self.headers, body))

        def stream(self) -> None:
            """Sends a line now and then, and ends when its client has gone."""
            self.send_response_only(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Connection", "close")
            self.end_headers()
            gone = select.poll()
            gone.register(self.connection, select.POLLRDHUP)
            pause = float(self.headers.get("X-Silence", 0.1)) * 1000
            with suppress(OSError):
                while not ended.is_set() and not gone.poll(pause):
                    self.wfile.write(b"data: x\n\n")

        def reply(self) -> None:
            with suppress(OSError):
                self.send_response_only(200)
                self.send_header("Content-Length", "2")
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(b"{}")

        def address_string(self) -> str:
            return "the edge"

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the base class's name for it)
            """Silent."""

    class Server(socketserver.ThreadingUnixStreamServer):
        daemon_threads = True
        block_on_close = False
        request_queue_size = 1024

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that breaks off is no error here."""

    with serving(Server(str(path), Handler)):
        path.chmod(0o666)
        try:
            yield
        finally:
            ended.set()
            path.unlink()
