"""The Flask plane on the bench: forwarder and sample servers in this process, on loopback ports."""

from __future__ import annotations

import logging
import random
import threading
from collections.abc import Iterable
from contextlib import AbstractContextManager, ExitStack
from types import TracebackType
from typing import TYPE_CHECKING, Self

from flask import Request
from werkzeug.serving import make_server
from werkzeug.wsgi import get_input_stream

from balancer.adapters.flask_plane.forwarder import Forwarder, ForwardingProfile
from balancer.adapters.flask_plane.plane import FlaskPlane
from balancer.core.request_hash import REQUEST_IDS
from balancer.core.routes import Backend
from server import create_app
from tests.contract.plane_bench import NOTHING, REQUEST_HASH, SLOTS, answering, held

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class FlaskBench:
    """A PlaneBench; `drawn` are the ids of the requests so far."""

    def __init__(self) -> None:
        self.plane = FlaskPlane()
        self.plane.apply(NOTHING)
        self.drawn: list[int] = []
        self._random = random.Random(0)  # noqa: S311 (it must repeat itself)
        self._running = ExitStack()

    def __enter__(self) -> Self:
        logging.getLogger("werkzeug").setLevel(logging.WARNING)
        profile = ForwardingProfile(
            request_hash=REQUEST_HASH, slots=SLOTS, response_timeout=20, course_errors=False, draw=self._draw
        )
        self.servers = tuple(Backend(name, self._serve(create_app(name))) for name in ("S1", "S2", "S3"))
        self.url = f"http://{self._serve(_application(Forwarder(self.plane, profile)))}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._running.close()

    def answers(self, count: int) -> list[str]:
        return [answering(self.url) for _ in range(count)]

    def held(self, name: str) -> AbstractContextManager[None]:
        return held(self.url, self.plane, name)

    def _draw(self) -> int:
        self.drawn.append(self._random.choice(REQUEST_IDS))
        return self.drawn[-1]

    def _serve(self, application: WSGIApplication) -> str:
        """Serves it until the bench closes; returns "ip:port"."""
        server = make_server("127.0.0.1", 0, application, threaded=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        self._running.callback(server.server_close)
        self._running.callback(thread.join)
        self._running.callback(server.shutdown)
        return f"127.0.0.1:{server.server_port}"


def _application(forwarder: Forwarder) -> WSGIApplication:
    def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["wsgi.input"] = get_input_stream(environ)  # reading stops at the end of the body, as with gunicorn
        return forwarder(Request(environ))(environ, start_response)

    return application
