"""The control port, for operators: health, events, the fleet, the live ring, and deploys."""

from __future__ import annotations

from flask import Flask, request

from balancer.http import body
from balancer.http.answer import install_error_handlers
from balancer.http.deploy import deploy_api
from balancer.http.edges import edges_api
from balancer.http.events import events_api
from balancer.http.fleet import fleet_api
from balancer.http.gate import Gate
from balancer.http.load import load_api
from balancer.http.metrics import Metrics, metrics_api
from balancer.http.openapi_page import openapi_api
from balancer.http.operation import is_open
from balancer.http.page import PAGE, page_api
from balancer.http.points import points_api
from balancer.http.readiness import health_api
from balancer.http.ring import ring_api
from balancer.http.sessions import sessions_api
from balancer.http.traffic import traffic_api
from balancer.service.edge_watch import EdgeWatch
from balancer.service.event_log import EventLog
from balancer.service.fleet_service import FleetService
from balancer.service.health import Health
from balancer.service.load_history import LoadHistory
from balancer.service.ring_service import RingService
from balancer.service.rollout import Rollout
from balancer.service.sessions import Sessions


def create_control_app(
    health: Health,
    fleet: FleetService,
    ring: RingService,
    events: EventLog,
    rollout: Rollout,
    *,
    sessions: Sessions,
    load: LoadHistory,
    edges: EdgeWatch,
    metrics: Metrics,
    gate: Gate,
) -> Flask:
    app = Flask(__name__, static_folder=None)
    body.limit_bodies(app)
    install_error_handlers(app)
    gate.install(app)
    app.register_blueprint(fleet_api(fleet))
    app.register_blueprint(ring_api(ring))
    app.register_blueprint(events_api(events, gate.tokens))
    app.register_blueprint(deploy_api(rollout))
    app.register_blueprint(health_api(health))
    app.register_blueprint(openapi_api())
    app.register_blueprint(points_api(ring))
    app.register_blueprint(sessions_api(sessions, gate.tokens))
    app.register_blueprint(page_api())
    app.register_blueprint(load_api(load))
    app.register_blueprint(edges_api(edges))
    app.register_blueprint(traffic_api(ring))
    app.register_blueprint(metrics_api(metrics))

    @app.before_request
    def enter() -> None:
        gate.enter(
            needs_token=not is_open(app.view_functions.get(request.endpoint or "")),
            may_be_linked=request.endpoint == PAGE,
        )

    return app
