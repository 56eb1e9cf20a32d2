"""A flask plane in a process of its own, for requests so many that every core is wanted: run `ask` there."""

from __future__ import annotations

import random
import socket
from collections.abc import Sequence
from functools import cache
from itertools import islice

from flask import Request

from balancer.adapters.flask_plane.forwarder import Forwarder, ForwardingOptions
from balancer.adapters.flask_plane.plane import FlaskPlane
from balancer.core.request_hash import REQUEST_IDS
from balancer.core.routes import Routes
from tests.contract.gunicorn_front import answers
from tests.contract.pipeline import Told, ask_all


def ask(routes: Routes, keys: Sequence[bytes]) -> list[Told]:
    """What the process's plane answers once it obeys these routes. Client and plane take turns on one thread: two would
    pass Python's lock to and fro, at half the price of the requests."""
    plane, forwarder = _plane()
    plane.apply(routes)
    ours, theirs = socket.socketpair()
    with ours, theirs:
        steps = answers(lambda environ, start: forwarder(Request(environ))(environ, start), theirs, ("127.0.0.1", 0))
        return list(ask_all(ours, keys, then=lambda sent: list(islice(steps, sent))))


@cache
def _plane() -> tuple[FlaskPlane, Forwarder]:
    """One for the process, so that a change of routes is one."""
    plane = FlaskPlane()
    profile = ForwardingOptions(
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
        draw=lambda: random.choice(REQUEST_IDS),  # noqa: S311 (no keyed request depends on it)
    )
    return plane, Forwarder(plane, profile)
