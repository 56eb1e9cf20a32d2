"""The fleet API: /rep, /add and /rm, on the public port and on the control port."""

from __future__ import annotations

from flask import Blueprint, Response, request

from balancer.core import fleet_change
from balancer.http import body
from balancer.http.answer import respond, success
from balancer.service.fleet_service import FleetService

_TOO_MANY_TO_ADD = "Length of hostname list is more than newly added instances"
_TOO_MANY_TO_REMOVE = "Length of hostname list is more than removable instances"


def fleet_api(service: FleetService) -> Blueprint:
    api = Blueprint("fleet", __name__)

    @api.get("/rep", provide_automatic_options=False)
    def rep() -> Response:
        return respond(success(service.replicas))

    @api.post("/add", provide_automatic_options=False)
    def add() -> Response:
        change = fleet_change.parse(body.read(request), too_many=_TOO_MANY_TO_ADD)
        return respond(success(service.add(change)))

    @api.delete("/rm", provide_automatic_options=False)
    def rm() -> Response:
        change = fleet_change.parse(body.read(request), too_many=_TOO_MANY_TO_REMOVE)
        return respond(success(service.remove(change)))

    return api
