"""The history of events on the control port: what is shown, how far back, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from balancer.core.event import EventKind
from balancer.http.answer import install_error_handlers
from balancer.http.events import events_api
from balancer.service.event_log import EventLog
from balancer.service.problems import Problems
from balancer.service.tokens import Tokens
from tests.fakes.clock import FakeClock
from tests.unit.balancer.http.test_refusals import reason

WRONG_NUMBER = "must be the number of an event, such as `next` of an earlier answer, or 0"
WRONG_LIMIT = "limit must be an integer from 1 to 1000"
BAD = [
    ("since=", f"since {WRONG_NUMBER}"),
    ("since=-1", f"since {WRONG_NUMBER}"),
    ("since=1.0", f"since {WRONG_NUMBER}"),
    ("since=%D9%A1", f"since {WRONG_NUMBER}"),
    (f"since={'9' * 19}", f"since {WRONG_NUMBER}"),
    ("since=1&since=2", "since is given twice"),
    ("limit=0", WRONG_LIMIT),
    ("limit=1001", WRONG_LIMIT),
    ("limit=all", WRONG_LIMIT),
    ("limit=", WRONG_LIMIT),
    ("kind=", "kind must be one of restored, joined,"),
    ("kind=FAILED", "kind must be one of restored, joined,"),
    ("kind=left&kind=joined", "kind is given twice"),
    ("server=", 'server: "" is not a valid hostname: 2 to 63 letters'),
    ("server=a%20b", 'server: "a b" is not a valid hostname'),
    ("kinds=left", '"kinds" is not a field here; there is: since, kind, server, limit'),
]


def control_port(events: EventLog, tokens: Tokens | None = None) -> FlaskClient:
    """Of nothing but these events. It asks for no token: that is the gate's."""
    app = Flask(__name__)
    install_error_handlers(app)
    app.register_blueprint(events_api(events, tokens or Tokens(token_sha256="", problems=Problems(events))))
    return app.test_client()


@pytest.fixture
def events() -> EventLog:
    return EventLog(FakeClock(), kept=6)


@pytest.fixture
def control(events: EventLog) -> FlaskClient:
    return control_port(events)


def answer(control: FlaskClient, query: str = "") -> dict[str, Any]:
    document = control.get(f"/events?{query}").json
    assert document is not None
    return document


def reasons(document: dict[str, Any]) -> list[str]:
    return [event["reason"] for event in document["events"]]


def test_nothing_happened_yet(control: FlaskClient, events: EventLog) -> None:
    assert answer(control) == {"events": [], "next": events.last, "dropped": 0}


def test_an_event_as_it_is_shown(control: FlaskClient, events: EventLog) -> None:
    events.record(EventKind.REPLACED, server="S1", reason="it died", seconds=0.25, N=3)
    shown = control.get("/events")
    assert shown.content_type == "application/json"
    assert shown.text == (
        '{"events":[{"number":1600001000001,"time":"2020-09-13T12:43:20.000+00:00","kind":"replaced","server":"S1",'
        '"node":"","reason":"it died","seconds":0.25,"facts":{"N":3}}],"next":1600001000001,"dropped":0}'
    )


def test_what_is_forgotten_is_counted(control: FlaskClient, events: EventLog) -> None:
    for number in range(8):
        events.record(EventKind.JOINED, reason=str(number))
    document = answer(control)
    assert (reasons(document), document["dropped"]) == (["2", "3", "4", "5", "6", "7"], 2)


def test_without_since_the_latest_are_shown_and_with_it_the_next(control: FlaskClient, events: EventLog) -> None:
    begin = events.last
    for number in range(5):
        events.record(EventKind.JOINED, reason=str(number))
    assert reasons(answer(control, "limit=2")) == ["3", "4"]
    seen, after = [], begin
    for _ in range(3):
        document = answer(control, f"since={after}&limit=2")
        seen.append(reasons(document))
        after = document["next"]
    assert seen == [["0", "1"], ["2", "3"], ["4"]]
    assert answer(control, f"since={after}&limit=2") == {"events": [], "next": events.last, "dropped": 0}


def test_kind_and_server_choose(control: FlaskClient, events: EventLog) -> None:
    for kind, server in [
        (EventKind.JOINED, "S1"),
        (EventKind.JOINED, "S2"),
        (EventKind.LEFT, "S1"),
        (EventKind.RING, ""),
    ]:
        events.record(kind, server=server, reason=f"{kind} {server}")
    assert reasons(answer(control, "kind=joined")) == ["joined S1", "joined S2"]
    assert reasons(answer(control, "server=S1")) == ["joined S1", "left S1"]
    document = answer(control, "since=0&kind=joined&server=S1&limit=1")
    assert (reasons(document), document["next"]) == (["joined S1"], events.last)


@pytest.mark.parametrize("accept", ["application/json", "text/event-stream"])
@pytest.mark.parametrize(("query", "why"), BAD)
def test_what_cannot_be_meant_is_refused(control: FlaskClient, query: str, why: str, accept: str) -> None:
    refused = control.get(f"/events?{query}", headers={"Accept": accept})
    assert (refused.status_code, refused.content_type) == (400, "application/json")
    assert why in reason(refused.text)


def test_the_events_are_only_to_be_read(control: FlaskClient) -> None:
    refused = control.delete("/events")
    assert refused.status_code == 405
    assert set(refused.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
