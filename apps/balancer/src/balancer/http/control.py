"""The control port, for operators: health, events, the fleet, the live ring, and deploys."""

from __future__ import annotations

from pathlib import Path

from flask import Flask, Response

from balancer.http import body
from balancer.http.answer import install_error_handlers, respond
from balancer.http.deploy import deploy_api
from balancer.http.events import events_api
from balancer.http.fleet import fleet_api
from balancer.http.gate import Gate
from balancer.http.metrics import Metrics, metrics_api
from balancer.http.readiness import readiness
from balancer.http.ring import ring_api
from balancer.ports import answers
from balancer.service.event_log import EventLog
from balancer.service.fleet_service import FleetService
from balancer.service.health import Health
from balancer.service.ring_service import RingService
from balancer.service.rollout import Rollout

OPENAPI = Path(__file__).with_name("openapi.json")
"""The description of both ports, served as it is in the file."""


def create_control_app(
    health: Health,
    fleet: FleetService,
    ring: RingService,
    events: EventLog,
    rollout: Rollout,
    *,
    gate: Gate,
    metrics: Metrics,
) -> Flask:
    app = Flask(__name__, static_folder=None)
    body.limit_bodies(app)
    install_error_handlers(app)
    gate.install(app)
    app.register_blueprint(fleet_api(fleet))
    app.register_blueprint(ring_api(ring))
    app.register_blueprint(events_api(events))
    app.register_blueprint(deploy_api(rollout))
    app.register_blueprint(metrics_api(metrics))

    @app.before_request
    def enter() -> None:
        gate.enter()

    @app.get("/healthz")
    def healthz() -> Response:
        """200 as long as the balancer itself works, with the problems of other parts."""
        return respond(answers.compact(health.report()))

    @app.get("/readyz")
    def readyz() -> Response:
        return readiness(health)

    @app.get("/openapi.json")
    def openapi() -> Response:
        return respond(OPENAPI.read_text(encoding="utf-8"))

    return app
