"""A forwarder between a WSGI client and real servers on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from functools import cached_property
from typing import Any

from flask import Request
from werkzeug.test import EnvironBuilder, TestResponse, run_wsgi_app

from balancer.adapters.flask_plane.forwarder import Forwarder, ForwardingOptions
from balancer.adapters.flask_plane.plane import FlaskPlane
from balancer.core.key_source import KeySource
from balancer.core.request_hash import REQUEST_HASHES
from balancer.core.routes import Backend, Routes
from tests.fakes.web_server import Answer, Exchange, Received, WebServer

SLOTS = 8
CRC32 = REQUEST_HASHES["crc32"]
TO_SLOT = {CRC32.slot(b"%d" % request_id, SLOTS): request_id for request_id in range(100_000, 100_100)}


def hello(exchange: Exchange) -> None:
    exchange.reply(200, b"hello")


def break_off(exchange: Exchange) -> None:
    exchange.break_off()


class Rig:
    """A forwarder before servers A, B … which own a slot each; requests go to slot 0, A's, and repetitions walk on."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self.plane = FlaskPlane()
        self.servers: dict[str, WebServer] = {}
        self.response_timeout = 10.0
        self.stream_timeout = 10.0
        self.queue_timeout = 10.0
        self.server_max_connections = 0
        self.server_keep_alive = True
        self.trusted_proxies: tuple[str, ...] = ()
        self.course_errors = False
        self.explain = True
        self.access_log = "errors"
        self.traceparent = "make"

    def serve(self, *answers: Answer) -> None:
        """Servers A, B … with these answers."""
        for name, answer in zip("ABCDEF", answers, strict=False):
            self.servers[name] = self._stack.enter_context(WebServer(answer))
        self.route({name: server.address for name, server in self.servers.items()})

    def route(self, addresses: dict[str, str], key: str = "random") -> None:
        names = list(addresses) or [""]
        slots = tuple(names[min(slot, len(names) - 1)] for slot in range(SLOTS))
        self.backends = tuple(Backend(name, address) for name, address in addresses.items())
        self.plane.apply(Routes(slots, self.backends, CRC32, KeySource.parse(key)))

    def received(self, name: str = "A") -> list[Received]:
        return self.servers[name].received

    @cached_property
    def forwarder(self) -> Forwarder:
        """Made at the first request, so that a test can set the profile before."""
        profile = ForwardingOptions(
            response_timeout=self.response_timeout,
            stream_timeout=self.stream_timeout,
            queue_timeout=self.queue_timeout,
            server_max_connections=self.server_max_connections,
            server_keep_alive=self.server_keep_alive,
            trusted_proxies=self.trusted_proxies,
            course_errors=self.course_errors,
            explain=self.explain,
            access_log=self.access_log,
            traceparent=self.traceparent,
            bufsize=8192,
            draw=lambda: TO_SLOT[0],
        )
        return Forwarder(self.plane, profile)

    def ask(self, method: str = "GET", path: str = "/home", **options: Any) -> TestResponse:
        """The whole answer. `options` are those of werkzeug's EnvironBuilder."""
        return TestResponse(*self._run(method, path, buffered=True, **options))

    def stream(self, method: str = "GET", path: str = "/home", **options: Any) -> Iterator[bytes]:
        """The answer's body piece by piece, as it comes."""
        return iter(self._run(method, path, buffered=False, **options)[0])

    def _run(self, method: str, path: str, *, buffered: bool, **options: Any) -> Any:
        environ = EnvironBuilder(method=method, path=path, **options).get_environ()
        environ |= {"RAW_URI": path, "REMOTE_ADDR": "192.0.2.7"}
        request = Request(environ)
        iterable, status, headers = run_wsgi_app(self.forwarder(request), environ, buffered=buffered)
        return (iterable, status, headers, request) if buffered else (iterable, status, headers)
