"""What a named token may do."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest
from flask.testing import FlaskClient

from balancer.http.audit import Audit
from balancer.http.gate import Gate
from balancer.http.guard import Guard
from balancer.http.public import create_public_app
from balancer.service.tokens import Tokens
from tests.unit.balancer.in_memory import NOWHERE, InMemoryBalancer, control_app

FILE = json.dumps(
    {
        name: {"sha256": sha256(f"{name}-token".encode()).hexdigest(), "role": role}
        for name, role in {"alice": "change", "bob": "read"}.items()
    }
).encode()
ALICE = {"Authorization": "Bearer alice-token"}
BOB = {"Authorization": "Bearer bob-token"}
CHANGES = [
    ("POST", "/add", {"n": 1}),
    ("DELETE", "/rm", {"n": 1}),
    ("PUT", "/ring", {"slots": 64}),
    ("PATCH", "/servers/S1", {"weight": 2}),
    ("POST", "/deploy", {}),
]
QUESTIONS = [
    ("GET", "/rep", None),
    ("GET", "/readyz", None),
    ("HEAD", "/ring", None),
    ("GET", "/ring/slots", None),
    ("GET", "/load", None),
    ("GET", "/edges", None),
    ("GET", "/traffic", None),
    ("GET", "/deploy", None),
    ("GET", "/events", None),
    ("POST", "/ring/preview", {}),
]


def gate(balancer: InMemoryBalancer) -> Gate:
    """The tokens are alice-token, which may change, and bob-token, which may read."""
    return Gate(
        guard=Guard(attached=lambda: NOWHERE, hosts=()),
        tokens=Tokens(token_sha256="", problems=balancer.problems, read=lambda: FILE),
        audit=Audit(balancer.events),
    )


@pytest.fixture
def control(balancer: InMemoryBalancer) -> FlaskClient:
    return control_app(balancer, guarded_by=gate(balancer)).test_client()


@pytest.fixture
def public(balancer: InMemoryBalancer) -> FlaskClient:
    return create_public_app(balancer.fleet, gate=gate(balancer), forward=None).test_client()


@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
def test_a_token_that_may_read_changes_nothing(
    control: FlaskClient, balancer: InMemoryBalancer, method: str, path: str, body: object
) -> None:
    before = balancer.whole_state()
    refused = control.open(path, method=method, json=body, headers=BOB)
    assert refused.status_code == 403
    assert refused.json == {
        "message": "<Error> the token bob may only read: take one whose role is change",
        "status": "failure",
    }
    assert balancer.whole_state() == before
    allowed = control.open(path, method=method, json=body, headers=ALICE)
    assert allowed.status_code in (200, 202)
    assert balancer.whole_state() != before


@pytest.mark.parametrize(("method", "path", "body"), QUESTIONS)
def test_both_may_read(control: FlaskClient, method: str, path: str, body: object) -> None:
    for headers in (ALICE, BOB):
        assert control.open(path, method=method, json=body, headers=headers).status_code == 200
    assert control.open(path, method=method, json=body, environ_base={"REMOTE_ADDR": "192.0.2.1"}).status_code == 401


@pytest.mark.parametrize(("method", "path"), [("POST", "/add"), ("DELETE", "/rm")])
def test_the_public_side_knows_the_roles_too(public: FlaskClient, method: str, path: str) -> None:
    assert public.open(path, method=method, data=b'{"n":1}', headers=BOB).status_code == 403
    assert public.open(path, method=method, data=b'{"n":1}').status_code == 401
    assert public.open(path, method=method, data=b'{"n":1}', headers=ALICE).status_code == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "TRACE", "BREW"])
def test_a_method_that_is_not_known_counts_as_a_change(control: FlaskClient, method: str) -> None:
    assert control.open("/ring", method=method, headers=BOB).status_code == 403


@pytest.mark.parametrize("headers", [ALICE, BOB], ids=["change", "read"])
def test_both_may_make_links_for_themselves(
    control: FlaskClient, balancer: InMemoryBalancer, headers: dict[str, str]
) -> None:
    before, events = balancer.whole_state(), balancer.events.last
    assert control.post("/sessions/links", headers=headers).status_code == 201
    assert (balancer.whole_state(), balancer.events.last) == (before, events)
