"""The control port, for operators: health, events, the fleet, the live ring, and deploys."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path

from flask import Flask, Response, request

from balancer.http import body
from balancer.http.answer import install_error_handlers, respond
from balancer.http.deploy import deploy_api
from balancer.http.events import events_api
from balancer.http.fleet import fleet_api
from balancer.http.gate import Gate
from balancer.http.guard import is_from_inside
from balancer.http.ring import ring_api
from balancer.ports import answers
from balancer.service.event_log import EventLog
from balancer.service.fleet_service import FleetService
from balancer.service.health import Health
from balancer.service.ring_service import RingService
from balancer.service.rollout import Rollout

OPENAPI = Path(__file__).with_name("openapi.json")
"""The description of both ports, served as it is in the file."""
_OWN_CHECK = "/readyz"


def create_control_app(
    health: Health, fleet: FleetService, ring: RingService, events: EventLog, rollout: Rollout, *, gate: Gate
) -> Flask:
    app = Flask(__name__, static_folder=None)
    body.limit_bodies(app)
    install_error_handlers(app)
    gate.install(app)
    app.register_blueprint(fleet_api(fleet))
    app.register_blueprint(ring_api(ring))
    app.register_blueprint(events_api(events))
    app.register_blueprint(deploy_api(rollout))

    @app.before_request
    def enter() -> None:
        """Every request needs the token, except the health check of the balancer's container: it comes over a unix
        socket in the container, or over the container's loopback, where nobody else is."""
        is_own_check = request.path == _OWN_CHECK and is_from_inside(request)
        gate.enter(own_check=_OWN_CHECK, needs_token=not is_own_check)

    @app.get("/healthz")
    def healthz() -> Response:
        """200 as long as the balancer itself works, with the problems of other parts."""
        return respond(answers.compact(health.report()))

    @app.get("/readyz")
    def readyz() -> Response:
        """200 when N servers serve, the data plane obeys and there is no problem; otherwise 503. The body says why."""
        report = health.report()
        return respond(answers.compact(report), HTTPStatus.OK if report["ready"] else HTTPStatus.SERVICE_UNAVAILABLE)

    @app.get("/openapi.json")
    def openapi() -> Response:
        return respond(OPENAPI.read_text(encoding="utf-8"))

    return app
