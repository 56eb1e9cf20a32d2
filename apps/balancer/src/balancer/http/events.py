"""What happened, on the control port: the latest events as one answer, or each as it happens."""

from __future__ import annotations

import re
from dataclasses import dataclass

from flask import Blueprint, Response, request
from werkzeug.datastructures import MultiDict

from balancer.core import answers, names
from balancer.core.document import known_fields, printable
from balancer.core.errors import InvalidRequest
from balancer.core.event import Event, Kind
from balancer.http import event_stream
from balancer.http.answer import respond
from balancer.http.event_stream import EventStreams
from balancer.service.events import KEPT, Events

_DIGITS = re.compile(r"[0-9]{1,18}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Wish:
    """The events that a client wants: all after the number `since`, or without one the latest; at most `limit`."""

    since: int | None = None
    kind: str = ""
    server: str = ""
    limit: int | None = None

    def includes(self, event: Event) -> bool:
        return self.kind in ("", event.kind) and self.server in ("", event.server)


def events_api(events: Events) -> Blueprint:
    api = Blueprint("events", __name__)
    streams = EventStreams(events)

    @api.get("/events")
    def happened() -> Response:
        wish = _wish(request.args)
        if request.method == "GET" and _wants_a_stream():
            return streams.open(_resumed(wish), wish.includes, request.environ)
        return respond(answers.compact(_history(events, wish)))

    return api


def _wants_a_stream() -> bool:
    kinds = (answers.CONTENT_TYPE, event_stream.CONTENT_TYPE)
    return request.accept_mimetypes.best_match(kinds) == event_stream.CONTENT_TYPE


def _resumed(wish: Wish) -> int | None:
    """After which event a stream begins: a client that comes back tells the last one it got; None is now."""
    if wish.limit is not None:
        raise InvalidRequest("limit: a stream has none; leave it out")
    last = request.headers.get("Last-Event-ID", "")
    return _number("Last-Event-ID", last) if last else wish.since


def _history(events: Events, wish: Wish) -> dict[str, object]:
    page = events.since(wish.since or 0)
    found = [event for event in page.events if wish.includes(event)]
    limit = KEPT if wish.limit is None else wish.limit
    shown = found[-limit:] if wish.since is None else found[:limit]
    is_cut = wish.since is not None and len(shown) < len(found)
    return {
        "events": [event_stream.document(event) for event in shown],
        "next": shown[-1].number if is_cut else page.next,
        "dropped": page.dropped,
    }


def _wish(query: MultiDict[str, str]) -> Wish:
    """Raises InvalidRequest."""
    known_fields(query, "since", "kind", "server", "limit")
    for name, values in query.lists():
        if len(values) > 1:
            raise InvalidRequest(f"{name} is given twice")
    kind, server = query.get("kind", ""), query.get("server", "")
    if "kind" in query and kind not in set(Kind):
        raise InvalidRequest(f"kind must be one of {', '.join(Kind)}")
    if "server" in query and not names.is_valid(server):
        raise InvalidRequest(f"server: {printable(server)} is not a valid hostname: {names.RULE}")
    since = _number("since", query["since"]) if "since" in query else None
    return Wish(since, kind, server, _limit(query["limit"]) if "limit" in query else None)


def _number(name: str, text: str) -> int:
    if not _DIGITS.fullmatch(text):
        raise InvalidRequest(f"{name} must be the number of an event, such as `next` of an earlier answer, or 0")
    return int(text)


def _limit(text: str) -> int:
    if not _DIGITS.fullmatch(text) or not 1 <= int(text) <= KEPT:
        raise InvalidRequest(f"limit must be an integer from 1 to {KEPT}")
    return int(text)
