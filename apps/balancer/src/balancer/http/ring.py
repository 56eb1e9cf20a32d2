"""The ring API of the control port: the ring's state, the server of a key, previews, and changes of the ring."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from flask import Blueprint, Response, request

from balancer.core.errors import InvalidRequest
from balancer.http import body, preview_documents
from balancer.http import ring_documents as documents
from balancer.http.answer import give
from balancer.http.operation import Answer, Operation, Parameter, described
from balancer.http.preview_documents import Preview, Wish
from balancer.http.ring_documents import Lookup, Ring, Slots, WeighedServer, Weight
from balancer.http.ring_profile_document import RingProfile
from balancer.service.ring_service import RingService

RING = Operation(
    id="ring",
    tag="ring",
    summary="The ring as it is",
    description="Answers while the data plane is away, too; `in_step` is false then. The first time under a request "
    "hash and a number of slots it takes about a second.",
    answers={200: Answer(description="The ring.", document=Ring)},
)
SWITCH = Operation(
    id="switchRing",
    tag="ring",
    summary="Switch to another ring profile",
    description="Saved first, then obeyed by the data plane, and no request is lost. At the edge a connection that was "
    "idle during a change of hash, key or number of slots brings one more request under the old ring. It outlives "
    "restarts, until the settings name another profile than before. The present profile again changes nothing.",
    body=RingProfile,
    example={"strategy": "ring", "slots": 4096, "key": "header:X-User"},
    answers={200: Answer(description="The data plane obeys the profile.", document=Ring)},
    errors=(409, 429, 500, 503),
)
SLOTS = Operation(
    id="slots",
    tag="ring",
    summary="Every slot's owner, and who answers for it now",
    answers={200: Answer(description="The slot table.", document=Slots)},
)
LOOKUP = Operation(
    id="lookup",
    tag="ring",
    summary="Where a key goes, and why",
    parameters=(
        Parameter(
            name="key",
            place="query",
            schema={"type": "string", "minLength": 1},
            description="The key's bytes, percent-encoded (%FF is the byte 255, + is a plus sign).",
            is_required=True,
        ),
    ),
    answers={200: Answer(description="The walk from the key to its server.", document=Lookup)},
    errors=(400,),
)
PREVIEW = Operation(
    id="preview",
    tag="ring",
    summary="What another profile or other servers would change",
    description="Changes nothing. Both sides are as if every server on the ring served.",
    body=Wish,
    example={"profile": {"strategy": "maglev"}, "servers": {"S1": 1, "S2": 2, "S9": 1}},
    answers={200: Answer(description="The ring now and then, and what would move.", document=Preview)},
)
WEIGH = Operation(
    id="weigh",
    tag="ring",
    summary="Give a server another weight",
    parameters=(
        Parameter(
            name="hostname",
            place="path",
            schema={"type": "string"},
            description="A server that serves.",
            is_required=True,
        ),
    ),
    body=Weight,
    example={"weight": 2},
    answers={200: Answer(description="The data plane obeys.", document=WeighedServer)},
    errors=(404, 409, 429, 500, 503),
)
_PREVIEW_EXAMPLE = '{"profile":{"strategy":"maglev"},"servers":{"S1":1,"S2":2}}'


def ring_api(service: RingService) -> Blueprint:
    api = Blueprint("ring", __name__)

    @api.get("/ring")
    @described(RING)
    def ring() -> Response:
        return give(documents.ring(service.ring()))

    @api.put("/ring")
    @described(SWITCH)
    def switch() -> Response:
        profile = body.read_object(request, example='{"strategy":"table"}')
        return give(documents.ring(service.switch(profile)))

    @api.get("/ring/slots")
    @described(SLOTS)
    def slots() -> Response:
        return give(documents.slots(service.fleet))

    @api.get("/ring/lookup")
    @described(LOOKUP)
    def lookup() -> Response:
        return give(documents.lookup(service.lookup(_key(request.query_string))))

    @api.post("/ring/preview")
    @described(PREVIEW)
    def look_ahead() -> Response:
        wish = body.read_document(request, Wish, example=_PREVIEW_EXAMPLE)
        return give(preview_documents.document(service.preview(wish.request()), has_slots=wish.slots))

    @api.patch("/servers/<hostname>")
    @described(WEIGH)
    def weigh(hostname: str) -> Response:
        wanted = body.read_document(request, Weight, example='{"weight":2}')
        return give(documents.weighed(service.weigh(hostname, wanted.weight), hostname))

    return api


def _key(query: bytes) -> bytes:
    """The bytes of the parameter `key`, percent-decoded. A plus sign stays a plus sign. Raises InvalidRequest."""
    values = [value for name, _, value in (part.partition(b"=") for part in query.split(b"&")) if name == b"key"]
    if len(values) != 1:
        raise InvalidRequest("key is missing or given twice: ask for /ring/lookup?key=…, percent-encoded")
    if re.search(rb"%(?![0-9A-Fa-f]{2})", values[0]):
        raise InvalidRequest("key: a % that no two hex digits follow is written %25")
    return unquote_to_bytes(values[0])
