"""The Flask plane on the bench: forwarder and sample servers in this process, on loopback ports."""

from __future__ import annotations

import logging
import random
from collections.abc import Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from flask import Request
from werkzeug.serving import make_server

from balancer.adapters.flask_plane.forwarder import Forwarder, ForwardingOptions
from balancer.adapters.flask_plane.plane import FlaskPlane
from balancer.core.request_hash import REQUEST_IDS
from balancer.core.routes import Backend
from server import create_app
from tests.contract.gunicorn_front import GunicornFront
from tests.contract.plane_bench import NO_HEADERS, NOTHING, answering, held, wait_for
from tests.serving import serving

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class FlaskBench:
    """A PlaneBench; `drawn` are the ids of the requests so far."""

    def __init__(self) -> None:
        self.plane = FlaskPlane()
        self.traffic = self.plane.traffic
        self.plane.apply(NOTHING)
        self.drawn: list[int] = []
        self._random = random.Random(0)  # noqa: S311 (it must repeat itself)
        self._running = ExitStack()

    def __enter__(self) -> Self:
        logging.getLogger("werkzeug").setLevel(logging.WARNING)
        self.servers = tuple(Backend(name, self._serve(create_app(name))) for name in ("S1", "S2", "S3"))
        self.change()
        front = GunicornFront(lambda environ, start: self._forwarder(Request(environ))(environ, start))
        self.url = f"http://{self._running.enter_context(front).address}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running.close()

    def change(self, **changes: Any) -> None:
        """The forwarder of a balancer with other settings."""
        options = ForwardingOptions(
            response_timeout=20,
            stream_timeout=3600,
            queue_timeout=10,
            server_max_connections=0,
            server_keep_alive=True,
            trusted_proxies=(),
            course_errors=False,
            explain=True,
            access_log="errors",
            traceparent="make",
            bufsize=8192,
            draw=self._draw,
        )
        self._forwarder = Forwarder(self.plane, replace(options, **changes))

    def answers(self, count: int, headers: Mapping[str, str] = NO_HEADERS) -> list[str]:
        return [answering(self.url, headers) for _ in range(count)]

    def wait_for(self, seconds: float, requests: int) -> float:
        return wait_for(self.url, seconds, requests)

    def held(self, *names: str, headers: Mapping[str, str] = NO_HEADERS, nth: int = 1) -> AbstractContextManager[None]:
        return held(self.url, self.plane, *names, headers=headers, nth=nth)

    def _draw(self) -> int:
        self.drawn.append(self._random.choice(REQUEST_IDS))
        return self.drawn[-1]

    def _serve(self, application: WSGIApplication) -> str:
        """Serves it until the bench closes; returns "ip:port"."""
        server = make_server("127.0.0.1", 0, application, threaded=True)
        self._running.enter_context(serving(server))
        return f"127.0.0.1:{server.server_port}"
