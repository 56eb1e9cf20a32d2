"""Which requests are the balancer's own. Every other one belongs to the servers."""

from __future__ import annotations

from hashlib import sha256

import pytest
from flask import Request, Response
from flask.testing import FlaskClient

from balancer.http.public import create_public_app
from tests.unit.balancer.in_memory import InMemoryBalancer, gate

TOKEN = "correct-horse-battery"  # noqa: S105 (made up)
DISGUISES = ["/%61dd", "/add/", "//add", "/ADD", "/add%2f", "/x/../add", "/./add", "/add;x=1"]


def forward(request: Request) -> Response:
    return Response(f"a server's answer to {request.method} {request.environ['RAW_URI']}")


@pytest.fixture
def forwarding(balancer: InMemoryBalancer) -> FlaskClient:
    """The flask data plane's public side."""
    return create_public_app(balancer.fleet, gate=gate(balancer), forward=forward).test_client()


@pytest.fixture
def guarded(balancer: InMemoryBalancer) -> FlaskClient:
    """Behind an edge, with a token."""
    digest = sha256(TOKEN.encode()).hexdigest()
    return create_public_app(balancer.fleet, gate=gate(balancer, token_sha256=digest), forward=None).test_client()


@pytest.mark.parametrize("path", ["/", "/home", "/repx", "/rep/", "/re", "/REP", "/api/add", *DISGUISES])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "OPTIONS", "PATCH"])
def test_every_other_path_goes_to_the_servers(forwarding: FlaskClient, method: str, path: str) -> None:
    answer = forwarding.open(method=method, environ_overrides={"RAW_URI": path, "PATH_INFO": path})
    assert answer.text == f"a server's answer to {method} {path}"


@pytest.mark.parametrize("path", ["/rep", "/rep?x=1", "http://balancer:5000/rep", "http://balancer/rep?x"])
def test_our_own_paths_are_ours_in_every_form_of_the_same(forwarding: FlaskClient, path: str) -> None:
    answer = forwarding.open(environ_overrides={"RAW_URI": path, "PATH_INFO": "/rep"})
    assert answer.text.startswith('{"message":{"N":3,')


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("path", ["/rep", "/add", "/rm", "/ringmaster", "/ringmaster/", "/ringmaster/home"])
def test_under_a_prefix_the_handouts_paths_are_the_servers(balancer: InMemoryBalancer, method: str, path: str) -> None:
    client = create_public_app(
        balancer.fleet, gate=gate(balancer), forward=forward, control_prefix="/ringmaster"
    ).test_client()
    answer = client.open(method=method, environ_overrides={"RAW_URI": path, "PATH_INFO": path})
    assert answer.text == f"a server's answer to {method} {path}"
    rep = client.open(environ_overrides={"RAW_URI": "/ringmaster/rep?x=1", "PATH_INFO": "/ringmaster/rep"})
    assert rep.text.startswith('{"message":{"N":3,')


@pytest.mark.parametrize("prefix", ["", "/ringmaster"])
@pytest.mark.parametrize("path", ["/rep", "/add", "/rm"])
def test_without_public_control_every_path_is_the_servers(balancer: InMemoryBalancer, prefix: str, path: str) -> None:
    client = create_public_app(
        balancer.fleet, gate=gate(balancer), forward=forward, control_prefix=prefix, public_control=False
    ).test_client()
    answer = client.open(environ_overrides={"RAW_URI": prefix + path, "PATH_INFO": prefix + path})
    assert answer.text == f"a server's answer to GET {prefix}{path}"


def test_the_token_guards_the_paths_under_a_prefix(balancer: InMemoryBalancer) -> None:
    digest = sha256(TOKEN.encode()).hexdigest()
    client = create_public_app(
        balancer.fleet, gate=gate(balancer, token_sha256=digest), forward=None, control_prefix="/ringmaster"
    ).test_client()
    answers = {
        path: client.open(environ_overrides={"RAW_URI": f"/ringmaster{path}", "PATH_INFO": f"/ringmaster{path}"})
        for path in ("/rep", "/add", "/rm")
    }
    assert {path: answer.status_code for path, answer in answers.items()} == {"/rep": 200, "/add": 401, "/rm": 401}


@pytest.mark.parametrize("path", [*DISGUISES, "/home", "/"])
def test_behind_an_edge_a_path_that_is_not_ours_does_not_exist(
    guarded: FlaskClient, balancer: InMemoryBalancer, path: str
) -> None:
    before = balancer.whole_state()
    answer = guarded.post(data=b'{"n":1}', environ_overrides={"RAW_URI": path, "PATH_INFO": "/add"})
    assert (answer.status_code, answer.json["status"]) == (404, "failure")  # type: ignore[index]
    assert balancer.whole_state() == before


@pytest.mark.parametrize("path", ["/add", "/add?x=1", "http://balancer/add", "https://balancer:5000/add?x=1"])
def test_no_form_of_a_guarded_path_gets_around_the_token(
    guarded: FlaskClient, balancer: InMemoryBalancer, path: str
) -> None:
    before = balancer.whole_state()
    answer = guarded.post(data=b'{"n":1}', environ_overrides={"RAW_URI": path, "PATH_INFO": "/add"})
    assert answer.status_code == 401
    assert balancer.whole_state() == before


@pytest.mark.parametrize("target", ["/rep", "http://x/rep", "x:/add?://y/rep", "add?://y/rep"])
def test_no_target_that_looks_like_an_open_path_gets_around_the_token(balancer: InMemoryBalancer, target: str) -> None:
    """Flask chooses the function by a path that the web server took from the target in its own way."""
    digest = sha256(TOKEN.encode()).hexdigest()
    client = create_public_app(balancer.fleet, gate=gate(balancer, token_sha256=digest), forward=forward).test_client()
    before = balancer.whole_state()
    client.post(data=b'{"n":1}', environ_overrides={"RAW_URI": target, "PATH_INFO": "/add"})
    assert balancer.whole_state() == before


def test_the_edges_own_question_is_answered_without_public_control(balancer: InMemoryBalancer) -> None:
    client = create_public_app(balancer.fleet, gate=gate(balancer), forward=None, public_control=False).test_client()
    assert client.open(environ_overrides={"RAW_URI": "/rep", "PATH_INFO": "/rep"}).status_code == 200
