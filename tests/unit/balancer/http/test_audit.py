"""Who asked for which change, and what outsiders leave behind."""

from __future__ import annotations

import pytest
from flask import Response
from flask.testing import FlaskClient

from balancer.core.event import Event, EventKind
from balancer.http.audit import Audit
from balancer.http.gate import Gate
from balancer.http.guard import Guard
from balancer.http.public import create_public_app
from balancer.service.tokens import Tokens
from tests.unit.balancer.http.test_roles import ALICE, BOB, FILE
from tests.unit.balancer.http.test_roles import gate as gate_with_tokens
from tests.unit.balancer.in_memory import NOWHERE, InMemoryBalancer, control_app


def changes(balancer: InMemoryBalancer) -> list[Event]:
    return [event for event in balancer.events.since(0).events if event.kind is EventKind.CHANGE]


@pytest.fixture
def control(balancer: InMemoryBalancer) -> FlaskClient:
    return control_app(balancer, guarded_by=gate_with_tokens(balancer)).test_client()


def test_a_change_is_an_event_with_who_from_where_and_what(control: FlaskClient, balancer: InMemoryBalancer) -> None:
    control.post("/add?x=1", json={"n": 1}, headers=ALICE, environ_overrides={"ringmaster.client": "203.0.113.9"})
    [event] = changes(balancer)
    assert event.facts == {"client": "203.0.113.9", "method": "POST", "path": "/add", "status": 200, "who": "alice"}
    assert event.reason == ""
    assert event.seconds is not None


GOOD = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.mark.parametrize(
    ("sent", "told"), [(GOOD, GOOD), (f"cc{GOOD[2:]}-more", f"cc{GOOD[2:]}"), (f"{GOOD}x", None), ("", None)]
)
def test_a_change_belongs_to_the_trace_of_its_request(
    control: FlaskClient, balancer: InMemoryBalancer, sent: str, told: str | None
) -> None:
    control.post("/add", json={"n": 1}, headers={**ALICE, "traceparent": sent})
    [event] = changes(balancer)
    assert event.facts.get("traceparent") == told


def test_a_change_that_failed_says_why(control: FlaskClient, balancer: InMemoryBalancer) -> None:
    control.delete("/rm", json={"n": 9}, headers=ALICE)
    [event] = changes(balancer)
    assert event.facts["status"] == 400
    assert event.reason == "n: 9 is too many: there are 3 servers"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("PUT", "/ring", {"slots": 64}), ("PATCH", "/servers/S1", {"weight": 2}), ("POST", "/deploy", {})],
)
def test_every_kind_of_change_is_told(
    control: FlaskClient, balancer: InMemoryBalancer, method: str, path: str, body: object
) -> None:
    control.open(path, method=method, json=body, headers=ALICE)
    assert [(event.facts["method"], event.facts["path"]) for event in changes(balancer)] == [(method, path)]


def test_without_tokens_nobody_is_named(client: FlaskClient, balancer: InMemoryBalancer) -> None:
    client.post("/add", json={"n": 1})
    [event] = changes(balancer)
    assert (event.facts["who"], event.facts["client"]) == ("", "127.0.0.1")


@pytest.mark.parametrize(
    ("method", "path", "headers"),
    [
        ("GET", "/ring", ALICE),
        ("POST", "/ring/preview", ALICE),
        ("POST", "/nothing", ALICE),
        ("POST", "/ring", ALICE),
        ("POST", "/add", BOB),
        ("POST", "/add", {}),
        ("POST", "/add", {**ALICE, "Origin": "null"}),
    ],
)
def test_questions_and_strangers_are_no_events(
    control: FlaskClient, balancer: InMemoryBalancer, method: str, path: str, headers: dict[str, str]
) -> None:
    before = balancer.events.last
    control.open(path, method=method, json={}, headers=headers)
    assert balancer.events.last == before


def test_a_request_for_a_server_is_no_event_and_no_refusal(
    balancer: InMemoryBalancer, caplog: pytest.LogCaptureFixture
) -> None:
    gate = gate_with_tokens(balancer)
    public = create_public_app(balancer.fleet, gate=gate, forward=lambda _: Response("", 403)).test_client()
    before = balancer.events.last
    assert public.post("/home").status_code == 403
    assert "caller refused" not in [record.message for record in caplog.records]
    assert balancer.events.last == before


def test_no_body_no_query_and_no_token_is_told(
    control: FlaskClient, balancer: InMemoryBalancer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        wish = {"environment": {"PASSWORD": "hunter2"}, "memory": "hunter2"}
        for headers in (ALICE, BOB, {}):
            control.post("/deploy?secret=hunter2", json=wish, headers=headers)
        control.post("/deploy", json={"environment": {"PASSWORD": ["hunter2"]}}, headers=ALICE)
    told = str([event.document() for event in balancer.events.since(0).events])
    told += "".join(str(vars(record)) for record in caplog.records)
    assert "hunter2" not in told
    assert "alice-token" not in told
    assert "bob-token" not in told


class Clock:
    time = 0.0

    def __call__(self) -> float:
        return self.time


def test_refusals_are_logged_at_a_bounded_rate(balancer: InMemoryBalancer, caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    gate = Gate(
        guard=Guard(attached=lambda: NOWHERE, hosts=()),
        tokens=Tokens(token_sha256="", problems=balancer.problems, read=lambda: FILE),
        audit=Audit(balancer.events, now=clock),
    )
    control = control_app(balancer, guarded_by=gate).test_client()

    def lines() -> list[tuple[object, ...]]:
        fields = ("client", "method", "path", "status", "left_out")
        return [tuple(vars(record)[field] for field in fields) for record in caplog.records]

    with caplog.at_level("WARNING"):
        for _ in range(500):
            control.post("/add", json={"n": 1})
        assert lines() == [("127.0.0.1", "POST", "/add", 401, 0)] * 10
        clock.time = 10.0
        control.post("/add", json={"n": 1}, headers=BOB)
        assert lines()[10:] == [("127.0.0.1", "POST", "/add", 403, 490)]
    assert "may only read" in vars(caplog.records[-1])["reason"]


def test_a_path_that_a_client_made_long_is_cut(control: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("WARNING"):
        control.get("/" + "a" * 5000)
    assert len(vars(caplog.records[-1])["path"]) == 200
