"""A forward proxy on this machine that does what it is asked for, and remembers what that was."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import urlsplit


class ForwardProxy:
    """Use it in a with statement. `asked`: the hosts, and whether a token came along. `address`: where it listens."""

    def __init__(self, address: str = "127.0.0.1") -> None:
        self.asked: list[tuple[str, bool]] = []
        self._server = ThreadingHTTPServer((address, 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://{address}:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def hosts(self) -> set[str]:
        return {host for host, _ in self.asked}

    @property
    def environment(self) -> dict[str, str]:
        """What a user's shell exports who has forgotten about loopback."""
        proxies = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), self.url)
        named = proxies | {"no_proxy": "intranet.example"}
        return named | {name.upper(): value for name, value in named.items()}


def _handler(proxy: ForwardProxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_CONNECT(self) -> None:
            host, _, port = self.path.rpartition(":")
            self._remember(host)
            with socket.create_connection((host.strip("[]"), int(port)), timeout=30) as there:
                self.send_response(200)
                self.end_headers()
                back = threading.Thread(target=_pour, args=(there, self.connection), daemon=True)
                back.start()
                _pour(self.connection, there)
                back.join(timeout=30)
            self.close_connection = True

        def _forward(self) -> None:
            target = urlsplit(self.path)
            self._remember(target.hostname or "")
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name: value for name, value in self.headers.items() if not name.lower().startswith("proxy-")}
            there = HTTPConnection(target.hostname or "", target.port or 80, timeout=60)
            there.request(self.command, target._replace(scheme="", netloc="").geturl() or "/", body, headers)
            answer = there.getresponse()
            content = answer.read()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in {"transfer-encoding", "connection", "content-length"}:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            there.close()

        def do_GET(self) -> None:
            self._forward()

        def do_POST(self) -> None:
            self._forward()

        def _remember(self, host: str) -> None:
            proxy.asked.append((host, "Authorization" in self.headers))

        def log_message(self, *_: object) -> None:
            """What was asked is in `asked`."""

    return Handler


def _pour(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(65536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)
