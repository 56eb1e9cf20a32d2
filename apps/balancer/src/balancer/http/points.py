"""The virtual servers' places on the ring, for its drawing."""

from __future__ import annotations

from flask import Blueprint, Response
from pydantic import Field

from balancer.core.fleet import ON_THE_RING
from balancer.http.answer import give
from balancer.http.documents import Version
from balancer.http.operation import Answer, Document, Operation, described
from balancer.service.ring_service import RingService


class Points(Document):
    """Where the virtual servers are."""

    version: Version
    points: dict[str, list[float]] = Field(
        description="hostname → the places of its virtual servers as parts of the circle, 0 ≤ place < 1, ascending. "
        "Empty where the strategy has none."
    )


POINTS = Operation(
    id="points",
    tag="ring",
    summary="Where the virtual servers are on the circle",
    answers={200: Answer(description="The places, by server.", document=Points)},
)


def points_api(service: RingService) -> Blueprint:
    api = Blueprint("points", __name__)

    @api.get("/ring/points")
    @described(POINTS)
    def points() -> Response:
        fleet = service.fleet
        places = fleet.profile.strategy.places([member for member in fleet.members() if member.weight])
        named = {
            server.hostname: list(places[server.ring_id])
            for server in fleet.of(*ON_THE_RING)
            if server.ring_id in places
        }
        return give(Points(version=fleet.version, points=named))

    return api
