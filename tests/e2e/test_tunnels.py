"""Tunnels (RFC 9110, 7.8) of a WebSocket server: kept over all that does not end their server, then drained and cut.

The flask plane knows no upgrades: there the server hears of none, and answers like any.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.client import HTTPMessage, HTTPResponse
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import pytest

from tests.deployment import Deployment
from tests.e2e.conftest import Measured, made_whole, only_flask, only_haproxy, with_the_usual_ring
from tests.own_image import own_image
from tests.polling import stays, until
from tests.system import System

pytestmark = [pytest.mark.docker, pytest.mark.terraform]

APP = """
import base64, hashlib, http.server, os, signal
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
SECRET = b'258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
class App(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def do_GET(self):
        key = self.headers.get('Sec-WebSocket-Key', '').encode()
        if self.path == '/unasked' or (self.path == '/tunnel' and self.headers.get('Upgrade') == 'websocket'):
            accept = base64.b64encode(hashlib.sha1(key + SECRET).digest()).decode()
            self.head(101, {'Upgrade': 'websocket', 'Connection': 'Upgrade', 'Sec-WebSocket-Accept': accept})
            while data := self.rfile.read1(65536):
                self.wfile.write(data)
            self.close_connection = True
        elif self.path == '/tunnel':
            self.head(426, {'Upgrade': 'websocket', 'Connection': 'Upgrade', 'Content-Length': '0'})
        else:
            self.head(200, {'Content-Length': '4'})
            self.wfile.write(b'well')
    def head(self, status, headers):
        self.send_response(status)
        for header in headers.items():
            self.send_header(*header)
        self.end_headers()
http.server.ThreadingHTTPServer(('', 8080), App).serve_forever()
"""
"""Whatever comes through a tunnel goes back as it came, without a WebSocket's frames."""
DRAIN = 1.5
"""Seconds of the drain timeout: a tunnel never ends by itself."""
HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: tunnels\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
WITHIN = 10.0


class Tunnel:
    """One connection on which an upgrade is asked for; a tunnel where `status` is 101."""

    def __init__(self, system: System, path: str = "/tunnel") -> None:
        address = urlsplit(system.url)
        self._socket = socket.create_connection((address.hostname, address.port), timeout=WITHIN)
        self.status, self.headers = self.ask(HANDSHAKE.format(path=path))
        self.server = self.headers["X-Served-By"]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def ask(self, request: str) -> tuple[int, HTTPMessage]:
        """Status and headers of the answer, which is read to its end."""
        self._socket.sendall(request.encode())
        answer = HTTPResponse(self._socket)
        answer.begin()
        answer.read()
        return answer.status, answer.headers

    def echoes(self, text: str) -> bool:
        self._socket.sendall(text.encode())
        heard = b""
        while len(heard) < len(text.encode()):
            part = self._socket.recv(4096)
            if not part:
                return False
            heard += part
        return heard == text.encode()

    @property
    def is_cut(self) -> bool:
        """Waits for the end; a timeout is none."""
        try:
            return self._socket.recv(1) == b""
        except TimeoutError:
            return False
        except OSError:
            return True


@pytest.fixture(scope="module")
def tunnelling(plane: str) -> Iterator[Deployment]:
    with (
        own_image(APP, f"ringmaster-test-tunnels-{plane}:1") as image,
        Deployment(
            data_plane=plane, server_image=image, server_port=8080, heartbeat_path="/healthz", drain_timeout=DRAIN
        ) as tunnelling,
    ):
        yield tunnelling


@pytest.fixture
def own(tunnelling: Deployment) -> Iterator[Deployment]:
    """With three servers, and with the usual ring when the test has ended."""
    yield made_whole(tunnelling)
    with_the_usual_ring(tunnelling)


def through(system: System, stack: ExitStack, servers: set[str]) -> dict[str, Tunnel]:
    """A tunnel to each of these servers."""
    found: dict[str, Tunnel] = {}

    def has_all() -> bool:
        tunnel = stack.enter_context(Tunnel(system))
        assert tunnel.status == 101, (tunnel.status, tunnel.headers)
        assert tunnel.echoes("hello"), "what was sent through a new tunnel does not come back"
        found.setdefault(tunnel.server, tunnel)
        return servers <= found.keys()

    until(has_all, f"a tunnel to each of {servers}", within=10)
    return found


def cuts(system: System) -> list[dict[str, object]]:
    return list(system.operate("GET", "/events?kind=cut").document["events"])


@only_haproxy
def test_a_tunnel_outlasts_every_change_but_the_removal_of_its_server_which_drains_and_cuts_it(
    own: Deployment, measured: Measured
) -> None:
    kept, other, *_ = own.replicas
    changes = {
        "a server joins": lambda: own.add(1, ["joined"]),
        "another one leaves": lambda: own.rm(1, [other]),
        "its server weighs more": lambda: own.weigh(kept, 3),
        "its server rests": lambda: own.weigh(kept, 0),
        "the edge reloads for another key": lambda: own.put_ring({"key": "header:X-User"}),
        "the edge reloads for another hash": lambda: own.put_ring({"request_hash": "xxh64", "slots": 1024}),
        "its server works again": lambda: own.weigh(kept, 1),
    }
    with ExitStack() as stack:
        tunnel = through(own, stack, {kept})[kept]
        for what, change in changes.items():
            changed = change()
            assert changed.status == 200, f"{what}: {changed}"
            assert tunnel.echoes(what), f"the tunnel has ended: {what}"
        stays(lambda: tunnel.echoes("later"), "the old process keeps the tunnel after a reload", seconds=2)
        told = cuts(own)
        fresh = through(own, stack, {"joined"})["joined"]
        assert fresh.echoes("through the reloaded edge")
        with ThreadPoolExecutor(1) as pool:
            began = time.monotonic()
            removal = pool.submit(own.rm, 1, [kept])
            until(lambda: kept not in own.replicas, f"{kept} leaves", within=10, pause=0.02)
            assert tunnel.echoes("while it is drained"), f"{kept} was not drained"
            removed = removal.result()
        took = time.monotonic() - began
        assert removed.status == 200, removed
        assert tunnel.is_cut, f"{kept} is gone and its tunnel is open"
        assert fresh.echoes("still"), "the tunnel of another server was cut as well"
    measured(f"/rm with a tunnel took {took:.1f} s with a drain timeout of {DRAIN} s")
    assert DRAIN <= took < DRAIN + 20, f"/rm took {took:.1f} s with a drain timeout of {DRAIN} s"
    (cut,) = cuts(own)[len(told) :]
    assert (cut["server"], cut["reason"]) == (kept, "the drain timeout was over"), cut
    assert cut["facts"]["requests"] >= 1, cut  # type: ignore[index]


@only_haproxy
def test_a_roll_cuts_each_tunnel_with_its_own_server_and_not_before(own: Deployment) -> None:
    servers = own.replicas
    told = len(cuts(own))
    with ExitStack() as stack:
        tunnels = through(own, stack, set(servers))
        began = own.operate("GET", "/events").document["next"]
        assert own.deploy({}).status == 202
        for number, name in enumerate(servers):
            rolled = f"/events?kind=deploy&server={name}&since={began}"
            until(lambda path=rolled: own.operate("GET", path).document["events"], f"{name} is rolled", within=30)
            assert tunnels[name].is_cut, f"the old container of {name} is gone and its tunnel is open"
            for later in servers[number + 2 :]:  # the next one may be on its way
                assert tunnels[later].echoes(name), f"the tunnel of {later} ended when {name} was rolled"
        until(lambda: own.stage == "done", "the roll has ended", within=30)
        assert own.replicas == servers
    assert [cut["server"] for cut in cuts(own)[told:]] == servers


@only_flask
def test_without_upgrades_the_server_is_asked_as_by_any_request_and_nothing_stays_open(own: Deployment) -> None:
    told = len(cuts(own))
    for _ in range(30):
        with Tunnel(own) as connection:
            assert connection.status == 426, connection.headers
            assert not connection.headers["Upgrade"], connection.headers
            assert connection.server in own.replicas
            status, headers = connection.ask("GET / HTTP/1.1\r\nHost: tunnels\r\n\r\n")
            assert (status, headers["Content-Length"]) == (200, "4"), "the connection is of no more use"
    assert own.rm(len(own.replicas)).status == 200
    assert cuts(own)[told:] == [], "something was still in flight"


def test_an_upgrade_that_nobody_asked_for_is_a_broken_answer(own: Deployment) -> None:
    """Its connection is given up: what the server would say on it is no answer to anybody."""
    for _ in range(10):
        answer = own.get("/unasked", timeout=WITHIN)
        assert answer.status == 502, answer
        assert own.get("/", timeout=WITHIN).body == b"well"
