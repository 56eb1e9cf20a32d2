"""How the page gets a token, and for whom it counts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import sha256

import pytest
from flask.testing import FlaskClient

from balancer.http.audit import Audit
from balancer.http.gate import Gate
from balancer.http.guard import Guard
from balancer.service.sessions import CODE_SECONDS, SESSION_SECONDS
from balancer.service.tokens import Tokens
from tests.unit.balancer.in_memory import NOWHERE, InMemoryBalancer, control_app

Headers = dict[str, str]


class File:
    """The file with the named tokens; each is its own name and "-token"."""

    def __init__(self) -> None:
        self.roles = {"alice": "change", "bob": "read"}

    def __call__(self) -> bytes:
        digests = {name: sha256(f"{name}-token".encode()).hexdigest() for name in self.roles}
        return json.dumps({name: {"sha256": digests[name], "role": role} for name, role in self.roles.items()}).encode()


@pytest.fixture
def file() -> File:
    return File()


@pytest.fixture
def tokens(balancer: InMemoryBalancer, file: File) -> Tokens:
    return Tokens(token_sha256="", problems=balancer.problems, read=file, maker=balancer.services.sessions.maker)


@pytest.fixture
def control(balancer: InMemoryBalancer, tokens: Tokens) -> FlaskClient:
    guard = Guard(attached=lambda: NOWHERE, hosts=())
    return control_app(
        balancer, guarded_by=Gate(guard=guard, tokens=tokens, audit=Audit(balancer.events))
    ).test_client()


@pytest.fixture
def open_control(balancer: InMemoryBalancer) -> Iterator[FlaskClient]:
    """Without a token."""
    with control_app(balancer).test_client() as client:
        yield client


def bearer(token: str) -> Headers:
    return {"Authorization": f"Bearer {token}"}


def code(control: FlaskClient, name: str) -> str:
    answer = control.post("/sessions/links", headers=bearer(f"{name}-token"))
    assert answer.status_code == 201
    assert answer.json
    assert answer.json["expires"] == CODE_SECONDS
    return str(answer.json["code"])


def session(control: FlaskClient, name: str) -> str:
    answer = control.post("/sessions", json={"code": code(control, name)})
    assert answer.status_code == 200, answer.text
    assert answer.json
    return str(answer.json["token"])


@pytest.mark.parametrize(("name", "role"), [("alice", "change"), ("bob", "read")])
def test_a_session_has_name_and_role_of_the_token_that_made_the_link(
    control: FlaskClient, name: str, role: str
) -> None:
    began = control.post("/sessions", json={"code": code(control, name)})
    assert began.json
    assert began.json == {"token": began.json["token"], "name": name, "role": role, "expires": SESSION_SECONDS}
    assert began.headers["Cache-Control"] == "no-store"
    who = control.get("/whoami", headers=bearer(began.json["token"]))
    assert who.json == {"name": name, "role": role, "token_wanted": True}
    assert control.get("/whoami", headers=bearer(f"{name}-token")).json == who.json


def test_a_session_may_do_what_its_maker_may(control: FlaskClient, balancer: InMemoryBalancer) -> None:
    assert control.post("/add", json={"n": 1, "hostnames": ["S4"]}, headers=bearer(session(control, "alice"))).json
    assert "S4" in balancer.replicas
    refused = control.post("/add", json={"n": 1}, headers=bearer(session(control, "bob")))
    assert refused.status_code == 403
    assert refused.json
    assert refused.json["message"] == "<Error> the token bob may only read: take one whose role is change"
    assert control.get("/ring", headers=bearer(session(control, "bob"))).status_code == 200


def test_a_session_ends_with_its_token(control: FlaskClient, file: File, tokens: Tokens) -> None:
    alices, bobs, left = session(control, "alice"), session(control, "bob"), code(control, "alice")
    del file.roles["alice"]
    tokens.look()
    assert control.get("/ring", headers=bearer(alices)).status_code == 401
    assert control.get("/ring", headers=bearer(bobs)).status_code == 200
    assert control.post("/sessions", json={"code": left}).status_code == 401


def test_a_session_may_no_more_than_its_token_may_by_now(control: FlaskClient, file: File, tokens: Tokens) -> None:
    alices = session(control, "alice")
    file.roles["alice"] = "read"
    tokens.look()
    assert control.get("/whoami", headers=bearer(alices)).json == {
        "name": "alice",
        "role": "read",
        "token_wanted": True,
    }
    assert control.post("/add", json={"n": 1}, headers=bearer(alices)).status_code == 403


def test_a_session_makes_no_links(control: FlaskClient) -> None:
    """It would never end."""
    answer = control.post("/sessions/links", headers=bearer(session(control, "alice")))
    assert answer.status_code == 403
    assert answer.json
    assert answer.json["message"] == "<Error> a session makes no links: ask with the token itself"


def test_a_code_that_was_used_opens_nothing(control: FlaskClient) -> None:
    used = code(control, "alice")
    assert control.post("/sessions", json={"code": used}).status_code == 200
    check_refused(control, used)


def test_a_code_that_is_too_old_or_made_up_opens_nothing(control: FlaskClient, balancer: InMemoryBalancer) -> None:
    old = code(control, "alice")
    balancer.clock.sleep(CODE_SECONDS)
    check_refused(control, old)
    for made_up in ("", "x" * 32, "x" * 10_000, "é", "\ud800"):
        check_refused(control, made_up)


def check_refused(control: FlaskClient, code: str) -> None:
    answer = control.post("/sessions", json={"code": code})
    assert answer.status_code == 401
    assert answer.json
    assert answer.json["message"].startswith("<Error> this code does not count: it was used, is older than 60 s")
    assert answer.headers["WWW-Authenticate"].lower().startswith("bearer")


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("{}", "code is missing: a string, for example"),
        ('{"code":1}', "code must be a string, for example"),
        ('{"code":"x","name":"alice"}', '"name" is not a field here; there is: code'),
        ("", "the body is not JSON; send for example"),
    ],
)
def test_a_body_that_has_no_code_is_told_what_to_send(control: FlaskClient, body: str, reason: str) -> None:
    answer = control.post("/sessions", data=body)
    assert answer.status_code == 400
    assert answer.json
    assert answer.json["message"].startswith(f"<Error> {reason}")


def test_links_want_a_token(control: FlaskClient) -> None:
    assert control.post("/sessions/links").status_code == 401
    assert control.get("/whoami").status_code == 401


def test_where_no_token_is_wanted_there_is_no_session(open_control: FlaskClient) -> None:
    assert open_control.get("/whoami").json == {"name": "", "role": "change", "token_wanted": False}
    answer = open_control.post("/sessions/links", headers=bearer("any"))
    assert answer.status_code == 409
    assert answer.json
    assert answer.json["message"].startswith("<Error> this deployment wants no token")
    check_refused(open_control, "x" * 32)


def test_codes_and_tokens_are_in_no_event_and_no_log(
    control: FlaskClient, balancer: InMemoryBalancer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("DEBUG"):
        used = code(control, "alice")
        token = control.post("/sessions", json={"code": used}).json["token"]  # type: ignore[index]
        check_refused(control, used)
        control.post("/add", json={"n": 1}, headers=bearer(token))
    records = "".join(str(vars(record)) for record in caplog.records)
    events = str(balancer.events.since(0))
    assert "session begun" in records
    assert "alice" in events
    for told in (records, events):
        assert used not in told
        assert token not in told
