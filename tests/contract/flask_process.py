"""A flask plane in a process of its own, for requests so many that both cores are wanted: run `ask` there."""

from __future__ import annotations

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import chain, repeat

from flask import Request

from balancer.adapters.flask_plane.forwarder import Forwarder, ForwardingProfile
from balancer.adapters.flask_plane.plane import FlaskPlane
from balancer.core.request_hash import REQUEST_IDS
from balancer.core.routes import Routes
from tests.contract.gunicorn_front import GunicornFront
from tests.contract.pipeline import Told, ask_all

_CONNECTIONS = 4


def ask(routes: Routes, keys: Sequence[bytes]) -> list[Told]:
    """What the process's plane answers once it obeys these routes."""
    plane, url = _running()
    plane.apply(routes)
    size = -(-len(keys) // _CONNECTIONS)
    parts = [keys[first : first + size] for first in range(0, len(keys), size)]
    with ThreadPoolExecutor(_CONNECTIONS) as threads:
        return list(chain(*threads.map(ask_all, repeat(url), parts)))


@cache
def _running() -> tuple[FlaskPlane, str]:
    """One for the process and until its end, so that a change of routes is one. With its URL."""
    plane = FlaskPlane()
    profile = ForwardingProfile(
        response_timeout=20,
        course_errors=False,
        explain=True,
        access_log="errors",
        draw=lambda: random.choice(REQUEST_IDS),  # noqa: S311 (no keyed request depends on it)
    )
    forwarder = Forwarder(plane, profile)
    front = GunicornFront(lambda environ, start: forwarder(Request(environ))(environ, start)).__enter__()
    return plane, f"http://{front.address}"
