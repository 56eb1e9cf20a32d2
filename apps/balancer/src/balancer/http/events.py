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
from balancer.http import event_stream
from balancer.http.answer import respond
from balancer.http.event_stream import EventStreams
from balancer.ports import answers
from balancer.service.event_log import KEPT, EventLog

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


def events_api(events: EventLog) -> Blueprint:
    api = Blueprint("events", __name__)
    streams = EventStreams(events)

    @api.get("/events")
    def happened() -> Response:
        query = _query(request.args)
        if request.method == "GET" and _wants_a_stream():
            return streams.open(_resumed(query), query.includes, request.environ)
        return respond(answers.compact(_history(events, query)))

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


def _history(events: EventLog, query: EventQuery) -> dict[str, object]:
    page = events.since(query.since or 0)
    found = [event for event in page.events if query.includes(event)]
    limit = KEPT if query.limit is None else query.limit
    shown = found[-limit:] if query.since is None else found[:limit]
    is_cut = query.since is not None and len(shown) < len(found)
    return {
        "events": [event_stream.document(event) for event in shown],
        "next": shown[-1].number if is_cut else page.next,
        "dropped": page.dropped,
    }


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
