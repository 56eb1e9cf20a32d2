"""Whether the balancer is ready, as an answer. The container's own health check gets nothing else."""

from __future__ import annotations

from http import HTTPStatus

from flask import Flask, Response

from balancer.http.answer import install_error_handlers, respond
from balancer.ports import answers
from balancer.service.health import Health


def readiness(health: Health) -> Response:
    """200 when N servers serve, the data plane obeys and there is no problem; otherwise 503. The body says why."""
    report = health.report()
    return respond(answers.compact(report), HTTPStatus.OK if report["ready"] else HTTPStatus.SERVICE_UNAVAILABLE)


def create_readiness_app(health: Health) -> Flask:
    """The application of the health check's socket: /readyz, without a token."""
    app = Flask(__name__, static_folder=None)
    install_error_handlers(app)
    app.add_url_rule("/readyz", view_func=lambda: readiness(health), endpoint="readyz")
    return app
