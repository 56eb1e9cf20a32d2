"""What clients see of the servers' own answers, and what the balancer adds to them."""

from __future__ import annotations

import pytest

from balancer.core.traceparent import is_valid
from tests.http_client import ask
from tests.system import System

pytestmark = [pytest.mark.docker, pytest.mark.terraform]


def test_home_is_a_servers_own_answer_to_the_byte(system: System) -> None:
    answer = system.get("/home")
    name = answer.headers["X-Served-By"]
    assert name in system.replicas
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.text.strip() == f'{{"message":"Hello from Server: {name}","status":"successful"}}'


def test_heartbeat_is_empty_and_200(system: System) -> None:
    answer = system.get("/heartbeat")
    assert (answer.status, answer.body) == (200, b"")


def test_every_server_gets_requests(system: System) -> None:
    assert {system.get("/home").headers["X-Served-By"] for _ in range(60)} == set(system.replicas)


@pytest.mark.parametrize(
    "path", ["/other", "/", "/rep/", "/%72ep", "/Rep", "/home/rep"], ids=lambda path: f"path {path}"
)
def test_a_servers_own_404_passes_unchanged(system: System, path: str) -> None:
    answer = system.get(path)
    assert answer.status == 404
    assert answer.headers["X-Served-By"] in system.replicas
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.document["message"].endswith("is not an endpoint of this server")


def test_a_query_does_not_hide_a_control_endpoint(system: System) -> None:
    assert system.get("/rep?home=1").body == system.rep().body


def test_servers_allow_any_origin_and_the_control_endpoints_none(system: System) -> None:
    assert system.get("/home").headers["Access-Control-Allow-Origin"] == "*"
    assert system.get("/other").headers["Access-Control-Allow-Origin"] == "*"
    for method, path in [("GET", "/rep"), ("POST", "/add"), ("DELETE", "/rm"), ("GET", "/add"), ("OPTIONS", "/rm")]:
        assert "Access-Control-Allow-Origin" not in ask(method, system.url, path).headers, f"{method} {path}"


def test_a_request_id_is_passed_on(system: System) -> None:
    seen = system.get("/echo", headers={"X-Request-ID": "mine-1"}).document["headers"]
    assert {value for name, value in seen.items() if name.lower() == "x-request-id"} == {"mine-1"}


def test_a_traceparent_is_passed_on_and_a_missing_one_is_made(system: System) -> None:
    sent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    for headers in ({"traceparent": sent}, {}):
        seen = system.get("/echo", headers=headers).document["headers"]
        (value,) = {value for name, value in seen.items() if name.lower() == "traceparent"}
        assert is_valid(value)
        assert (value == sent) is bool(headers)


def test_a_missing_request_id_is_made(system: System) -> None:
    made = set()
    for _ in range(2):
        seen = system.get("/echo").document["headers"]
        made |= {value for name, value in seen.items() if name.lower() == "x-request-id"}
    assert len(made) == 2
    assert all(made)
