"""The public side: /rep, /add and /rm. Every other path belongs to the servers."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, Request, Response, request
from werkzeug.exceptions import NotFound

from balancer.core import fleet_change
from balancer.http import body, token
from balancer.http.answer import install_error_handlers, respond, success
from balancer.service.fleet_service import FleetService

Forward = Callable[[Request], Response]

_OURS = frozenset({"/rep", "/add", "/rm"})
_GUARDED = frozenset({"/add", "/rm"})
_TOO_MANY_TO_ADD = "Length of hostname list is more than newly added instances"
_TOO_MANY_TO_REMOVE = "Length of hostname list is more than removable instances"


def create_public_app(service: FleetService, *, token_sha256: str, forward: Forward | None) -> Flask:
    """`forward` answers the requests for the servers in the data plane flask. It is None with the edge, which sends no
    such request here."""
    app = Flask(__name__, static_folder=None)
    body.limit_bodies(app)
    install_error_handlers(app)

    @app.before_request
    def guard_or_forward() -> Response | None:
        path = _path_as_written(request)
        if path not in _OURS:
            if forward is None:
                raise NotFound
            return forward(request)
        if path in _GUARDED:
            token.check(request, token_sha256)
        return None

    @app.get("/rep", provide_automatic_options=False)
    def rep() -> Response:
        return respond(success(service.replicas))

    @app.post("/add", provide_automatic_options=False)
    def add() -> Response:
        change = fleet_change.parse(body.read(request), too_many=_TOO_MANY_TO_ADD)
        return respond(success(service.add(change)))

    @app.delete("/rm", provide_automatic_options=False)
    def rm() -> Response:
        change = fleet_change.parse(body.read(request), too_many=_TOO_MANY_TO_REMOVE)
        return respond(success(service.remove(change)))

    return app


def _path_as_written(request: Request) -> str:
    """The path as the client wrote it, not decoded: /%72ep is a path of the servers, as it is at the edge. Of a URL
    with scheme and host only the path is left."""
    target: str = request.environ.get("RAW_URI") or request.path
    if not target.startswith("/"):
        target = "/" + target.partition("://")[2].partition("/")[2]
    return target.partition("?")[0]
