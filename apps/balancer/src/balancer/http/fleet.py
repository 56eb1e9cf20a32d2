"""The fleet API: /rep, /add and /rm, on the public port and on the control port."""

from __future__ import annotations

from flask import Blueprint, Response, request

from balancer.core import fleet_change
from balancer.http import body
from balancer.http.answer import give
from balancer.http.fleet_documents import Addition, Removal, Replicas
from balancer.http.operation import Answer, Operation, described
from balancer.service.fleet_service import FleetService

_EXAMPLE = '{"n":1}'
_TOO_MANY_TO_ADD = "Length of hostname list is more than newly added instances"
_TOO_MANY_TO_REMOVE = "Length of hostname list is more than removable instances"

REP = Operation(
    id="replicas",
    tag="fleet",
    summary="Who serves",
    description="The control port asks for the token here, too.",
    answers={200: Answer(description="The servers that answer requests, in the order of joining.", document=Replicas)},
    errors=(503,),
    is_open=True,
    is_public=True,
)
ADD = Operation(
    id="add",
    tag="fleet",
    summary="Start servers",
    description="Answers when all of them serve; otherwise none of them is left.",
    body=Addition,
    example={"n": 2, "hostnames": ["S4"], "weight": 1},
    answers={200: Answer(description="All new servers serve.", document=Replicas)},
    errors=(409, 429, 500, 503),
    is_public=True,
)
RM = Operation(
    id="remove",
    tag="fleet",
    summary="Remove servers",
    description="Answers when they are off the ring, drained and gone. With 503 because of the engine they are off the "
    "ring, and gone as soon as the engine is back.",
    body=Removal,
    example={"n": 1, "hostnames": ["S4"]},
    answers={200: Answer(description="The removed servers are gone.", document=Replicas)},
    errors=(409, 429, 500, 503),
    is_public=True,
)


def fleet_api(service: FleetService) -> Blueprint:
    api = Blueprint("fleet", __name__)

    @api.get("/rep", provide_automatic_options=False)
    @described(REP)
    def rep() -> Response:
        return give(Replicas.of(service.replicas))

    @api.post("/add", provide_automatic_options=False)
    @described(ADD)
    def add() -> Response:
        wanted = body.read_document(request, Addition, example=_EXAMPLE)
        change = fleet_change.checked(wanted.change(), too_many=_TOO_MANY_TO_ADD)
        return give(Replicas.of(service.add(change)))

    @api.delete("/rm", provide_automatic_options=False)
    @described(RM)
    def rm() -> Response:
        wanted = body.read_document(request, Removal, example=_EXAMPLE)
        change = fleet_change.checked(wanted.change(), too_many=_TOO_MANY_TO_REMOVE)
        return give(Replicas.of(service.remove(change)))

    return api
