"""Who may change the fleet where a token is set."""

from __future__ import annotations

import hmac
from hashlib import sha256

import pytest
from flask.testing import FlaskClient

from balancer.http.public import create_public_app
from tests.unit.balancer.http.every_path import every_path
from tests.unit.balancer.in_memory import InMemoryBalancer, control_app, gate

TOKEN = "correct-horse-battery"  # noqa: S105 (made up)
DIGEST = sha256(TOKEN.encode()).hexdigest()
WRONG = [
    {},
    {"Authorization": ""},
    {"Authorization": "Bearer"},
    {"Authorization": "Bearer "},
    {"Authorization": "Bearer wrong"},
    {"Authorization": f"Bearer {TOKEN}x"},
    {"Authorization": f"Bearer {TOKEN} x"},
    {"Authorization": f"Basic {TOKEN}"},
    {"Authorization": TOKEN},
    {"Authorization": f"Bearer {DIGEST}"},
    {"Authorization": "Bearer \xe9"},
    {"X-Authorization": f"Bearer {TOKEN}"},
]


@pytest.fixture
def guarded(balancer: InMemoryBalancer) -> FlaskClient:
    return create_public_app(balancer.fleet, gate=gate(balancer, token_sha256=DIGEST), forward=None).test_client()


@pytest.fixture
def guarded_control(balancer: InMemoryBalancer) -> FlaskClient:
    return control_app(balancer, token_sha256=DIGEST).test_client()


@pytest.mark.parametrize("headers", WRONG)
@pytest.mark.parametrize(("method", "path"), [("POST", "/add"), ("DELETE", "/rm"), ("GET", "/add"), ("PUT", "/rm")])
def test_without_the_token_nothing_is_changed(
    guarded: FlaskClient, balancer: InMemoryBalancer, method: str, path: str, headers: dict[str, str]
) -> None:
    before = balancer.whole_state()
    answer = guarded.open(path, method=method, data=b'{"n":1}', headers=headers)
    assert answer.status_code == 401
    assert answer.text == (
        '{"message":"<Error> this needs the deployment\'s token: Authorization: Bearer \\u2026","status":"failure"}'
    )
    assert answer.headers["WWW-Authenticate"].lower().startswith("bearer")
    assert answer.content_type == "application/json"
    assert balancer.whole_state() == before


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_with_the_token_the_fleet_can_be_changed(guarded: FlaskClient, scheme: str) -> None:
    headers = {"Authorization": f"{scheme} {TOKEN}"}
    assert guarded.post("/add", data=b'{"n":1,"hostnames":["S4"]}', headers=headers).status_code == 200
    assert guarded.delete("/rm", data=b'{"n":1,"hostnames":["S4"]}', headers=headers).status_code == 200


def test_everybody_may_see_who_serves(guarded: FlaskClient) -> None:
    assert guarded.get("/rep").status_code == 200


def test_where_no_token_is_set_none_is_asked_for(client: FlaskClient) -> None:
    assert client.post("/add", data=b'{"n":1}').status_code == 200


PAGES = [("GET", path) for path in ("/", "/page/page.js", "/favicon.ico", "/docs", "/docs.css")]
"""They are the same for everybody."""
OPEN = [*PAGES, ("POST", "/sessions")]
EVERY = every_path(control_app(InMemoryBalancer()))


def test_what_is_open_is_on_the_control_port() -> None:
    assert set(OPEN) <= set(EVERY)


@pytest.mark.parametrize(("method", "path"), [*(asked for asked in EVERY if asked not in OPEN), ("GET", "/nothing")])
def test_the_control_port_asks_for_the_token_too(guarded_control: FlaskClient, method: str, path: str) -> None:
    """Also on loopback, and for /rep."""
    answer = guarded_control.open(path, method=method)
    assert answer.status_code == 401
    assert "this needs the deployment's token" in answer.text
    headers = {"Authorization": f"Bearer {TOKEN}"}
    assert guarded_control.open(path, method=method, headers=headers).status_code != 401


@pytest.mark.parametrize(("method", "path"), PAGES)
def test_pages_need_no_token(guarded_control: FlaskClient, method: str, path: str) -> None:
    assert guarded_control.open(path, method=method).status_code in (200, 204)


@pytest.mark.parametrize("headers", WRONG)
@pytest.mark.parametrize(
    "change",
    [("PUT", "/ring", '{"slots":64}'), ("PATCH", "/servers/S1", '{"weight":2}'), ("POST", "/ring/preview", "{}")],
)
def test_without_the_token_the_ring_is_neither_changed_nor_shown(
    guarded_control: FlaskClient,
    balancer: InMemoryBalancer,
    change: tuple[str, str, str],
    headers: dict[str, str],
) -> None:
    method, path, body = change
    before = balancer.whole_state()
    answer = guarded_control.open(path, method=method, data=body, headers=headers)
    assert answer.status_code == 401
    assert balancer.whole_state() == before
    headers = {"Authorization": f"Bearer {TOKEN}"}
    allowed = guarded_control.open(path, method=method, data=body, headers=headers)
    assert allowed.status_code == 200


def test_spaces_around_the_token_do_not_count(guarded: FlaskClient) -> None:
    headers = {"Authorization": f"Bearer   {TOKEN} "}
    assert guarded.post("/add", data=b'{"n":1}', headers=headers).status_code == 200


def test_how_long_a_refusal_takes_does_not_tell_how_much_of_a_token_was_right(
    guarded: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every token is compared by the one function that takes the same time for all."""
    compare, compared = hmac.compare_digest, []

    def note(given: str, right: str) -> bool:
        compared.append((given, right))
        return compare(given, right)

    monkeypatch.setattr(hmac, "compare_digest", note)
    for token in ("wrong", TOKEN):
        guarded.post("/add", data=b'{"n":1}', headers={"Authorization": f"Bearer {token}"})
    assert compared == [(sha256(b"wrong").hexdigest(), DIGEST), (DIGEST, DIGEST)]
