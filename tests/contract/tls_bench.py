"""An edge with TLS on the bench: the folder that it takes certificates from, and clients that speak TLS."""

from __future__ import annotations

import socket
import ssl
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPSConnection
from pathlib import Path

from balancer.adapters.haproxy.edge import HaproxyEdge
from balancer.adapters.haproxy.tls import Tls
from tests.certificates import Authority, put, serial, shown
from tests.contract.haproxy_bench import HaproxyBench
from tests.contract.plane_bench import all_to
from tests.polling import until

TLS_PORT = 5443
Response = tuple[int, dict[str, str], str]
"""Status, headers, body."""
PLAIN = Tls(port=TLS_PORT, redirect=False, client_ca=False, control=False)
WITHIN = 5.0
"""Seconds that a renewal may take."""


@dataclass
class TlsBench:
    """An edge with TLS. `folder` is what it takes for certificates."""

    bench: HaproxyBench
    folder: Path
    authority: Authority
    plane: HaproxyEdge | None = None
    """The one of the last reset. A test that changes a setting puts another one in its place."""

    @property
    def host(self) -> str:
        return self.bench.host

    def serial(self, name: str = "localhost") -> int:
        return shown(self.host, TLS_PORT, name).serial_number

    def get(self, path: str = "/home", context: ssl.SSLContext | None = None, **headers: str) -> Response:
        with closing(Client(self.host, context or self.authority.context())) as client:
            return client.get(path, headers)

    def reset(self) -> None:
        """One good certificate, whatever the test before left. Where nothing has changed, that is soon done."""
        if self._is_as_reset:
            return
        for file in self.folder.iterdir():
            if file.name != "localhost.pem":
                file.unlink()
        good = serial(self.put("localhost.pem"))
        self.bench.change(tls=PLAIN)
        self.bench.plane.apply(all_to(*self.bench.servers))
        until(lambda: len(self.bench.plane.certificates()) == 1, "the others are gone", within=WITHIN)
        until(lambda: self.serial() == good, "the good one is shown", within=WITHIN)
        self.plane = self.bench.plane

    @property
    def _is_as_reset(self) -> bool:
        files = list(self.folder.iterdir())
        return (
            self.plane is self.bench.plane
            and self.bench.plane.in_step(all_to(*self.bench.servers))
            and [file.name for file in files] == ["localhost.pem"]
            and self.serial() == serial(files[0].read_bytes())
        )

    def log(self) -> str:
        return self.bench.container.logs().decode()

    def put(self, name: str, *hosts: str) -> bytes:
        pem = self.authority.pem(*hosts or ("localhost",))
        put(self.folder / name, pem)
        return pem


class Client(HTTPSConnection):
    """A client that connects to an address and asks for localhost."""

    def __init__(self, address: str, context: ssl.SSLContext) -> None:
        super().__init__("localhost", TLS_PORT, timeout=10, context=context)
        self._address = address
        self._tls = context

    def connect(self) -> None:
        connection = socket.create_connection((self._address, TLS_PORT), timeout=10)
        self.sock = self._tls.wrap_socket(connection, server_hostname="localhost")

    def get(self, path: str, headers: dict[str, str] | None = None) -> Response:
        self.request("GET", path, headers=headers or {})
        response = self.getresponse()
        return response.status, dict(response.headers), response.read().decode()
