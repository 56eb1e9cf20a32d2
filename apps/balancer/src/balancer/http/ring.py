"""The ring API of the control port: the ring's state, the server of a key, previews, and changes of the ring."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote_to_bytes

from flask import Blueprint, Response, request

from balancer.core import document, fleet_change, preview
from balancer.core.errors import InvalidRequest
from balancer.core.explanation import Explanation
from balancer.core.fleet import ON_THE_RING, WARM
from balancer.core.prediction import Expectation
from balancer.core.preview import Preview, Side
from balancer.core.routes import hostname, routes
from balancer.http import body
from balancer.http.answer import respond
from balancer.http.traffic import traffic_document
from balancer.ports import answers
from balancer.service.ring_service import Ring, RingService


def ring_api(service: RingService) -> Blueprint:
    api = Blueprint("ring", __name__)

    @api.get("/ring")
    def ring() -> Response:
        return respond(answers.compact(_ring(service.ring())))

    @api.put("/ring")
    def switch() -> Response:
        profile = document.json_object(body.read(request), example='{"strategy":"table"}')
        return respond(answers.compact(_ring(service.switch(profile))))

    @api.get("/ring/slots")
    def slots() -> Response:
        fleet = service.fleet
        hostnames = {server.ring_id: server.hostname for server in fleet.of(*ON_THE_RING)}
        table = {
            "version": fleet.version,
            "digest": fleet.table.digest(),
            "owners": [hostnames.get(owner, "") for owner in fleet.table.owners],
            "answering": [hostname(instance) for instance in routes(fleet).slots],
        }
        return respond(answers.compact(table))

    @api.get("/ring/lookup")
    def lookup() -> Response:
        return respond(answers.compact(_explanation(service.lookup(_key(request.query_string)))))

    @api.post("/ring/preview")
    def look_ahead() -> Response:
        return respond(answers.compact(_preview(service.preview(preview.parse(body.read(request))))))

    @api.patch("/servers/<hostname>")
    def weigh(hostname: str) -> Response:
        wanted = document.json_object(body.read(request), example='{"weight":2}')
        document.known_fields(wanted, "weight")
        ring = service.weigh(hostname, fleet_change.weight(wanted))
        changed = next(expected for expected in ring.servers if expected.server.hostname == hostname)
        return respond(answers.compact({"version": ring.fleet.version, **_server(changed)}))

    return api


def _key(query: bytes) -> bytes:
    """The bytes of the parameter `key`, percent-decoded. A plus sign stays a plus sign. Raises InvalidRequest."""
    values = [value for name, _, value in (part.partition(b"=") for part in query.split(b"&")) if name == b"key"]
    if len(values) != 1:
        raise InvalidRequest("key is missing or given twice: ask for /ring/lookup?key=…, percent-encoded")
    if re.search(rb"%(?![0-9A-Fa-f]{2})", values[0]):
        raise InvalidRequest("key: a % that no two hex digits follow is written %25")
    return unquote_to_bytes(values[0])


def _ring(ring: Ring) -> dict[str, Any]:
    fleet = ring.fleet
    return {
        "profile": fleet.profile.document(),
        "version": fleet.version,
        "digest": fleet.table.digest(),
        "slots": fleet.table.slots,
        "servers": [_server(expected) for expected in ring.servers],
        "requests_without_key": ring.keyless,
        "in_step": ring.in_step,
    }


def _server(expected: Expectation) -> dict[str, Any]:
    server = expected.server
    return {
        "hostname": server.hostname,
        "ring_id": server.ring_id,
        "state": server.state,
        "release": server.release,
        "weight": server.weight,
        "warmth": server.ramp / WARM,
        "slots": expected.slots,
        "share": expected.share,
    }


def _explanation(explanation: Explanation) -> dict[str, Any]:
    return {
        "key": explanation.key.decode(errors="backslashreplace"),
        "request_hash": explanation.request_hash,
        "slot": explanation.slot,
        "owner": explanation.owner,
        "server": explanation.server,
        "walk": [{"slot": stop.slot, "hostname": stop.hostname, "state": stop.state} for stop in explanation.walk],
        "why": explanation.why,
    }


def _preview(seen: Preview) -> dict[str, Any]:
    moved = seen.moved
    return {
        "now": _side(seen.now),
        "then": _side(seen.then),
        "moved": {"slots": moved.slots, "of": moved.of, "share": moved.share, "minimum": moved.minimum},
        "traffic": traffic_document(seen.traffic),
    }


def _side(side: Side) -> dict[str, Any]:
    """One side of a preview as JSON. It has no state and no warmth, which only a real ring has."""
    return {
        "profile": side.profile.document(),
        "servers": [
            {
                "hostname": expected.server.hostname,
                "ring_id": expected.server.ring_id,
                "weight": expected.server.weight,
                "slots": expected.slots,
                "share": expected.share,
            }
            for expected in side.servers
        ],
    }
