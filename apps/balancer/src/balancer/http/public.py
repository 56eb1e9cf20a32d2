"""The public side: the fleet API, under its prefix. Every other path belongs to the servers."""

from __future__ import annotations

from collections.abc import Callable

from flask import Flask, Request, Response, request
from werkzeug.exceptions import NotFound

from balancer.core.control_paths import control_paths, may_change
from balancer.core.request_target import origin_form
from balancer.http import body
from balancer.http.answer import install_error_handlers
from balancer.http.fleet import fleet_api
from balancer.http.gate import Gate
from balancer.service.fleet_service import FleetService

Forward = Callable[[Request], Response]


def create_public_app(
    service: FleetService,
    *,
    gate: Gate,
    forward: Forward | None,
    control_prefix: str = "",
    public_control: bool = True,
) -> Flask:
    """`forward` answers the requests for the servers in the data plane flask. It is None with the edge, which sends no
    such request here. Without `public_control` all paths are the servers'; the edge asks here for /rep all the same."""
    app = Flask(__name__, static_folder=None)
    body.limit_bodies(app)
    install_error_handlers(app)
    gate.install(app)
    app.register_blueprint(fleet_api(service), url_prefix=control_prefix or None)
    paths = control_paths(control_prefix)
    ours = frozenset(paths) if public_control or forward is None else frozenset()

    @app.before_request
    def enter_or_forward() -> Response | None:
        path = _path_as_written(request)
        if path not in ours:
            if forward is None:
                raise NotFound
            return forward(request)
        # Flask chooses the function by request.path. A page of the public port is a server's, and changes nothing.
        gate.enter(needs_token=request.path != paths.rep, no_page=may_change(request.method, request.path))
        return None

    return app


def _path_as_written(request: Request) -> str:
    """The path as the client wrote it, not decoded: /%72ep is a path of the servers, as it is at the edge."""
    return origin_form(request.environ.get("RAW_URI") or request.path).partition("?")[0]
