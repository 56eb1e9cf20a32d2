"""The event API of the control port: the latest events as one answer, or each event as it happens."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flask import Blueprint, Response, request
from werkzeug.datastructures import MultiDict

from balancer.core.document import known_fields, printable
from balancer.core.errors import InvalidRequest
from balancer.core.event import Event, EventKind
from balancer.core.hostnames import RULE, is_hostname
from balancer.http import event_documents as documents
from balancer.http import event_stream, token
from balancer.http.answer import give
from balancer.http.documents import Error
from balancer.http.event_documents import Events
from balancer.http.event_stream import EventStreams
from balancer.http.operation import Answer, Operation, Parameter, described
from balancer.ports import answers
from balancer.service.event_log import KEPT, EventLog
from balancer.service.tokens import Tokens

EVENTS = Operation(
    id="events",
    tag="events",
    summary="What happened",
    description=f"The latest {KEPT} events since the balancer's start. With Accept: text/event-stream a stream of "
    "those that happen from now on, or from `since` or Last-Event-ID on; it ends when the balancer stops, the token "
    "counts no more, or the client takes nothing for 2 s, and can be gone on with.",
    parameters=(
        Parameter(
            name="since",
            place="query",
            schema={"type": "integer", "minimum": 0},
            description="Only events after that of this number; the first ones, where a limit is given.",
        ),
        Parameter(
            name="kind",
            place="query",
            schema={"$ref": "#/components/schemas/EventKind"},
            description="Only events of this kind.",
        ),
        Parameter(
            name="server",
            place="query",
            schema={"$ref": "#/components/schemas/Hostname"},
            description="Only events of this server.",
        ),
        Parameter(
            name="limit",
            place="query",
            schema={"type": "integer", "minimum": 1, "maximum": KEPT, "default": KEPT},
            description="At most so many: without `since` the latest. Not for a stream.",
        ),
        Parameter(
            name="Last-Event-ID",
            place="header",
            schema={"type": "integer", "minimum": 0},
            description="Of a stream: the last event that the client got, before `since`.",
        ),
    ),
    answers={
        200: Answer(
            description="The oldest first.",
            document=Events,
            also={
                event_stream.CONTENT_TYPE: "Server-sent events: `id` is the number, `event` the kind, `data` the event "
                "as JSON. `event: dropped` tells how many were forgotten before they could be sent."
            },
        ),
        503: Answer(description=f"{event_stream.MOST} streams are open already.", document=Error),
    },
    errors=(400,),
)
_DIGITS = re.compile(r"[0-9]{1,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class EventQuery:
    """The events that a client wants: at most `limit` events after the number `since`, or the latest ones where `since`
    is None. `kind` and `server` are empty for all."""

    since: int | None = None
    kind: str = ""
    server: str = ""
    limit: int | None = None

    def includes(self, event: Event) -> bool:
        return self.kind in ("", event.kind) and self.server in ("", event.server)


def events_api(events: EventLog, tokens: Tokens) -> Blueprint:
    api = Blueprint("events", __name__)
    streams = EventStreams(events)

    @api.get("/events")
    @described(EVENTS)
    def happened() -> Response:
        query = _query(request.args)
        if request.method == "GET" and _wants_a_stream():
            may_go_on = token.lasts(request, tokens)
            return streams.open(_resumed(query), query.includes, request.environ, may_go_on=may_go_on)
        return give(_history(events, query))

    return api


def _wants_a_stream() -> bool:
    kinds = (answers.CONTENT_TYPE, event_stream.CONTENT_TYPE)
    return request.accept_mimetypes.best_match(kinds) == event_stream.CONTENT_TYPE


def _resumed(query: EventQuery) -> int | None:
    """The number of the event after which a stream begins; None for now. A client that comes back sends the number of
    the last event that it got. Raises InvalidRequest."""
    if query.limit is not None:
        raise InvalidRequest("limit: a stream has none; leave it out")
    last = request.headers.get("Last-Event-ID", "")
    return _number("Last-Event-ID", last) if last else query.since


def _history(events: EventLog, query: EventQuery) -> Events:
    page = events.since(query.since or 0)
    found = [event for event in page.events if query.includes(event)]
    limit = KEPT if query.limit is None else query.limit
    shown = found[-limit:] if query.since is None else found[:limit]
    is_cut = query.since is not None and len(shown) < len(found)
    return Events(
        events=[documents.Event.of(event) for event in shown],
        next=shown[-1].number if is_cut else page.next,
        dropped=page.dropped,
    )


def _query(arguments: MultiDict[str, str]) -> EventQuery:
    """The query in the parameters of a URL. Raises InvalidRequest."""
    known_fields(arguments, "since", "kind", "server", "limit")
    for name, values in arguments.lists():
        if len(values) > 1:
            raise InvalidRequest(f"{name} is given twice")
    kind, server = arguments.get("kind", ""), arguments.get("server", "")
    if "kind" in arguments and kind not in set(EventKind):
        raise InvalidRequest(f"kind must be one of {', '.join(EventKind)}")
    if "server" in arguments and not is_hostname(server):
        raise InvalidRequest(f"server: {printable(server)} is not a valid hostname: {RULE}")
    since = _number("since", arguments["since"]) if "since" in arguments else None
    return EventQuery(since, kind, server, _limit(arguments["limit"]) if "limit" in arguments else None)


def _number(name: str, text: str) -> int:
    if not _DIGITS.fullmatch(text):
        raise InvalidRequest(f"{name} must be the number of an event, such as `next` of an earlier answer, or 0")
    return int(text)


def _limit(text: str) -> int:
    if not _DIGITS.fullmatch(text) or not 1 <= int(text) <= KEPT:
        raise InvalidRequest(f"limit must be an integer from 1 to {KEPT}")
    return int(text)
