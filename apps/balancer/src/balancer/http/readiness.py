"""How the balancer is, as an answer. The container's own health check gets that, and nothing else."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, Flask, Response

from balancer.http.answer import give, install_error_handlers
from balancer.http.operation import Answer, Operation, described
from balancer.http.readiness_documents import Health as Report
from balancer.service.health import Health

HEALTHZ = Operation(
    id="alive",
    tag="health",
    summary="Whether the balancer works",
    answers={200: Answer(description="It works, whatever ails the parts around it.", document=Report)},
)
READYZ = Operation(
    id="ready",
    tag="health",
    summary="Whether N servers serve and the data plane obeys",
    answers={
        200: Answer(description="All is well.", document=Report),
        503: Answer(description="Not ready, and why.", document=Report),
    },
)


def health_api(health: Health) -> Blueprint:
    api = Blueprint("health", __name__)

    @api.get("/healthz")
    @described(HEALTHZ)
    def healthz() -> Response:
        """200 as long as the balancer itself works, with the problems of other parts."""
        return give(Report.model_validate(health.report()))

    @api.get("/readyz")
    @described(READYZ)
    def readyz() -> Response:
        return readiness(health)

    return api


def readiness(health: Health) -> Response:
    """200 when N servers serve, the data plane obeys and there is no problem; otherwise 503. The body says why."""
    report = Report.model_validate(health.report())
    return give(report, HTTPStatus.OK if report.ready else HTTPStatus.SERVICE_UNAVAILABLE)


def create_readiness_app(health: Health) -> Flask:
    """The application of the health check's socket: /healthz and /readyz, without a token. On several hosts the check
    asks whether the balancer lives: it is ready only when edges obey, which find it only when it is healthy."""
    app = Flask(__name__, static_folder=None)
    install_error_handlers(app)
    app.register_blueprint(health_api(health))
    return app
