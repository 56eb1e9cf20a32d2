"""The guard in front of both applications: who is refused changes nothing and sees nothing, and no body is read."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest
from flask import Request, Response
from flask.testing import FlaskClient

from balancer.core.caller import Attachments
from balancer.http.public import create_public_app
from tests.unit.balancer.http.every_path import every_path
from tests.unit.balancer.in_memory import InMemoryBalancer, control_app, gate

SERVERS = Attachments((IPv4Network("172.18.0.0/16"),), frozenset({IPv4Address("172.18.0.1")}))
A_SERVER = {"ringmaster.client": "172.18.0.5"}
PATHS = [
    ("GET", "/rep"),
    ("POST", "/add"),
    ("DELETE", "/rm"),
    ("OPTIONS", "/add"),
    ("HEAD", "/rep"),
]
CONTROL_PATHS = [
    *every_path(control_app(InMemoryBalancer())),
    ("OPTIONS", "/add"),
    ("HEAD", "/rep"),
    ("HEAD", "/"),
    ("OPTIONS", "/metrics"),
    ("GET", "/nothing"),
]


class Unread:
    """A body that nobody may read."""

    def read(self, *_: Any) -> bytes:
        raise AssertionError

    readline = readlines = __iter__ = read


@pytest.fixture
def public(balancer: InMemoryBalancer) -> FlaskClient:
    def forward(request: Request) -> Response:
        return Response(f"a server's answer to {request.path}")

    gate_ = gate(balancer, attached=SERVERS)
    return create_public_app(balancer.fleet, gate=gate_, forward=forward).test_client()


@pytest.fixture
def control(balancer: InMemoryBalancer) -> FlaskClient:
    return control_app(balancer, guarded_by=gate(balancer, attached=SERVERS)).test_client()


Foreigner = tuple[dict[str, str], dict[str, str], str]
"""Environment of a request, its headers, and a part of the answer."""
FOREIGN: list[Foreigner] = [
    (A_SERVER, {}, "this comes from the servers' network"),
    ({"REMOTE_ADDR": "172.18.0.5"}, {}, "this comes from the servers' network"),
    ({"ringmaster.client": ""}, {}, "it is not known where this request comes from"),
    ({}, {"Host": "evil.example:5000"}, "control_hosts"),
    ({}, {"Origin": "http://evil.example"}, "a web page of another origin"),
    ({}, {"Origin": "null"}, "a web page of another origin"),
    ({}, {"Sec-Fetch-Site": "cross-site"}, "a web page of another origin"),
    ({}, {"Sec-Fetch-Site": "same-site"}, "a web page of another origin"),
]


def check_refused(client: FlaskClient, balancer: InMemoryBalancer, asked: tuple[str, str], caller: Foreigner) -> None:
    method, path = asked
    environ, headers, reason = caller
    before = balancer.whole_state()
    events = balancer.events.last
    body = {"wsgi.input": Unread(), "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    answer = client.open(path, method=method, headers=headers, environ_overrides={**body, **environ})
    assert answer.status_code == 403
    assert not [name for name, _ in answer.headers if name.lower().startswith("access-control")]
    if method != "HEAD":
        assert answer.json
        assert answer.json["status"] == "failure"
        assert reason in answer.json["message"]
    assert balancer.whole_state() == before
    assert balancer.events.last == events


@pytest.mark.parametrize("caller", FOREIGN)
@pytest.mark.parametrize("asked", PATHS)
def test_the_control_paths_of_the_public_side_are_guarded(
    public: FlaskClient, balancer: InMemoryBalancer, asked: tuple[str, str], caller: Foreigner
) -> None:
    check_refused(public, balancer, asked, caller)


@pytest.mark.parametrize("caller", FOREIGN)
@pytest.mark.parametrize("asked", CONTROL_PATHS)
def test_everything_on_the_control_port_is_guarded(
    control: FlaskClient, balancer: InMemoryBalancer, asked: tuple[str, str], caller: Foreigner
) -> None:
    check_refused(control, balancer, asked, caller)


@pytest.mark.parametrize(("environ", "headers", "_"), FOREIGN)
def test_requests_for_servers_are_never_refused(
    public: FlaskClient, environ: dict[str, str], headers: dict[str, str], _: str
) -> None:
    answer = public.post("/home", headers=headers, environ_overrides=environ)
    assert answer.text == "a server's answer to /home"


@pytest.mark.parametrize("client", ["172.18.0.1", "127.0.0.1", "203.0.113.9"])
def test_everybody_else_comes_in(public: FlaskClient, control: FlaskClient, client: str) -> None:
    environ = {"REMOTE_ADDR": "172.18.0.9", "ringmaster.client": client}
    assert public.post("/add", data=b'{"n":1}', environ_overrides=environ).status_code == 200
    assert control.get("/ring", environ_overrides=environ).status_code == 200


def test_the_named_client_counts_and_not_the_peer(public: FlaskClient) -> None:
    environ = {"REMOTE_ADDR": "127.0.0.1", **A_SERVER}
    assert public.get("/rep", environ_overrides=environ).status_code == 403


OWN_PAGE = {"Host": "ring.example:5000", "Origin": "http://ring.example:5000", "Sec-Fetch-Site": "same-origin"}


def test_our_own_names_and_pages_come_in(public: FlaskClient, control: FlaskClient) -> None:
    assert control.post("/add", data=b'{"n":1}', headers=OWN_PAGE).status_code == 200
    assert public.get("/rep", headers=OWN_PAGE).status_code == 200
    assert public.post("/add", data=b'{"n":1}', headers={"Host": "ring.example:5000"}).status_code == 200


@pytest.mark.parametrize("header", ["Origin", "Sec-Fetch-Site"])
@pytest.mark.parametrize("asked", [("POST", "/add"), ("DELETE", "/rm")])
def test_a_servers_own_page_changes_nothing(
    public: FlaskClient, balancer: InMemoryBalancer, asked: tuple[str, str], header: str
) -> None:
    """On the public port it has our origin: the operator's browser would be the server's arm."""
    page = {name: OWN_PAGE[name] for name in ("Host", header)}
    check_refused(public, balancer, asked, ({}, page, "the pages of the public port are the servers'"))


def test_a_request_without_a_host_comes_in(public: FlaskClient) -> None:
    """HTTP/1.0 has none."""
    assert public.get("/rep", environ_overrides={"HTTP_HOST": None}).status_code == 200


def test_the_edges_own_check_comes_in(public: FlaskClient) -> None:
    environ = {"ringmaster.client": "127.0.0.1", "REMOTE_ADDR": "", "HTTP_HOST": "localhost"}
    assert public.get("/rep", environ_overrides=environ).status_code == 200


def test_the_guard_stands_before_the_token(balancer: InMemoryBalancer) -> None:
    guarded = control_app(balancer, guarded_by=gate(balancer, token_sha256="0" * 64, attached=SERVERS)).test_client()
    assert guarded.get("/ring", environ_overrides=A_SERVER).status_code == 403
    assert guarded.get("/ring").status_code == 401
