"""The metrics of the balancer and of the edge, for Prometheus."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

from flask import Blueprint, Response, request

from balancer.http.answer import respond
from balancer.http.operation import Answer, Operation, Parameter, described
from balancer.ports import answers

CONTENT_TYPE = "text/plain; version=0.0.4"
_NO_EDGE = "the data plane flask has no edge; /metrics has the figures of its servers"
_ACCEPT = Parameter(
    name="Accept",
    place="header",
    schema={"type": "string"},
    description="application/openmetrics-text asks for OpenMetrics instead of Prometheus' text format.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metrics:
    """`balancer`: the header Accept → text and its content type. `edge` returns the edge's own metrics, and may raise
    PlaneUnavailable; None in the data plane flask."""

    balancer: Callable[[str], tuple[bytes, str]]
    edge: Callable[[], str] | None


def metrics_api(metrics: Metrics) -> Blueprint:
    api = Blueprint("metrics", __name__)

    @api.get("/metrics")
    @described(
        Operation(
            id="metrics",
            tag="metrics",
            summary="The balancer's metrics for Prometheus",
            description="docs/metrics.md names them all.",
            parameters=(_ACCEPT,),
            answers={
                200: Answer(
                    description="Text that Prometheus scrapes.",
                    content_type="text/plain",
                    also={"application/openmetrics-text": "OpenMetrics, where the header Accept asks for it."},
                )
            },
        )
    )
    def of_balancer() -> Response:
        text, content_type = metrics.balancer(request.headers.get("Accept", ""))
        return Response(text, content_type=content_type)

    @api.get("/metrics/edge")
    @described(
        Operation(
            id="edgeMetrics",
            tag="metrics",
            summary="The edge's own metrics for Prometheus",
            description="HAProxy's exporter. The label `server` is a hostname, `container` one of its containers.",
            answers={200: Answer(description="Text that Prometheus scrapes.", content_type="text/plain")},
            errors=(404, 503),
        )
    )
    def of_edge() -> Response:
        if metrics.edge is None:
            return respond(answers.failure(_NO_EDGE), HTTPStatus.NOT_FOUND)
        return Response(metrics.edge(), content_type=CONTENT_TYPE)

    return api
