"""The OpenAPI document: valid, complete, and what the balancer really answers."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator, ValidationError
from openapi_spec_validator import validate
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from balancer.core.event import EventKind
from balancer.core.release import FIELDS
from balancer.core.strategies import STRATEGIES
from balancer.http.openapi import build
from balancer.http.operation import of
from balancer.ports import answers
from tests.fakes.runtime import Everyone
from tests.unit.balancer.http.described_client import DescribedClient
from tests.unit.balancer.in_memory import InMemoryBalancer, control_app, openapi

DOCUMENT = openapi()
Route = tuple[str, str]


def routes(app: Flask) -> set[Route]:
    """(method, path as OpenAPI writes it) of everything that the application answers."""
    return {
        (method.lower(), re.sub(r"<(\w+)>", r"{\1}", rule.rule))
        for rule in rules(app)
        for method in rule.methods or ()
        if method not in ("HEAD", "OPTIONS")
    }


def rules(app: Flask) -> list[Rule]:
    return list(app.url_map.iter_rules())


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    """Method, path, operation."""
    return [
        (method, path, operation)
        for path, item in DOCUMENT["paths"].items()
        for method, operation in item.items()
        if method != "servers"
    ]


def wanted(method: str, path: str) -> dict[str, Any]:
    schema: dict[str, Any] = DOCUMENT["paths"][path][method]["requestBody"]["content"]["application/json"]["schema"]
    return schema


def check(instance: object, schema: dict[str, Any]) -> None:
    Draft202012Validator(schema | {"components": DOCUMENT["components"]}).validate(instance)


def test_the_document_is_valid_openapi() -> None:
    assert DOCUMENT["openapi"].startswith("3.1")
    validate(DOCUMENT)


def test_whatever_has_a_body_may_be_late_or_too_large() -> None:
    having = [operation for _, _, operation in operations() if "requestBody" in operation]
    assert len(having) >= 6
    assert all({"400", "408", "413"} <= set(operation["responses"]) for operation in having)


def test_the_control_port_serves_it(control: FlaskClient) -> None:
    answer = control.get("/openapi.json")
    assert (answer.status_code, answer.content_type) == (200, "application/json")
    assert answer.text == answers.compact(build(control.application)) == answers.compact(DOCUMENT)


def test_every_function_says_what_it_is(control: FlaskClient) -> None:
    functions = {rule.rule: control.application.view_functions[rule.endpoint] for rule in rules(control.application)}
    assert [path for path, function in functions.items() if of(function) is None] == []


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [operation["operationId"] for _, _, operation in operations()]
    assert len(names) == len(set(names))


def test_whatever_is_guarded_may_refuse_the_caller() -> None:
    for _, _, operation in operations():
        assert "403" in operation["responses"]
        assert "security" in operation or "401" in operation["responses"]


def test_every_route_is_in_it_and_nothing_else(client: FlaskClient, control: FlaskClient) -> None:
    described = {(method, path) for method, path, _ in operations()}
    assert described == routes(client.application) | routes(control.application)
    public = {path for path, item in DOCUMENT["paths"].items() if "servers" in item}
    assert public == {path for _, path in routes(client.application)}


Asked = tuple[str, str, str, Any, int]
ANSWERS: list[Asked] = [
    ("get", "/rep", "/rep", None, 200),
    ("post", "/add", "/add", {"n": 2, "hostnames": ["S4"], "weight": 2}, 200),
    ("post", "/add", "/add", {"n": 0}, 400),
    ("post", "/add", "/add", {"n": 1, "hostnames": ["taken"]}, 409),
    ("post", "/add", "/add", {"n": 1, "hostnames": ["broken"]}, 500),
    ("delete", "/rm", "/rm", {"n": 1, "hostnames": ["S2"]}, 200),
    ("delete", "/rm", "/rm", {"n": 9}, 400),
    ("get", "/deploy", "/deploy", None, 200),
    ("post", "/deploy", "/deploy", {"image": "app:2", "environment": {"A": "1"}, "memory": "64m", "cpus": 0.5}, 202),
    ("post", "/deploy", "/deploy", {"image": ""}, 400),
    ("delete", "/deploy", "/deploy", None, 202),
    ("delete", "/deploy", "/deploy", None, 409),
    ("get", "/healthz", "/healthz", None, 200),
    ("get", "/readyz", "/readyz", None, 200),
    ("get", "/openapi.json", "/openapi.json", None, 200),
    ("get", "/whoami", "/whoami", None, 200),
    ("post", "/sessions/links", "/sessions/links", None, 409),
    ("post", "/sessions", "/sessions", {"code": "made up"}, 401),
    ("get", "/events", "/events", None, 200),
    ("get", "/events", "/events?since=0&kind=joined&server=S1&limit=1", None, 200),
    ("get", "/events", "/events?kind=Joined", None, 400),
    ("get", "/ring", "/ring", None, 200),
    *[
        ("put", "/ring", "/ring", profile, 200)
        for profile in (
            {"strategy": "table", "bound": 1.25, "key": "header:X-User"},
            {"strategy": "course"},
            {"strategy": "ring", "slots": 64},
            {"strategy": "maglev", "slots": 64},
        )
    ],
    ("put", "/ring", "/ring", {"strategy": "jump"}, 400),
    ("get", "/ring/slots", "/ring/slots", None, 200),
    ("get", "/load", "/load", None, 200),
    ("get", "/edges", "/edges", None, 200),
    ("get", "/load", "/load?history=1", None, 200),
    ("get", "/load", "/load?history=2", None, 400),
    ("get", "/traffic", "/traffic", None, 200),
    ("get", "/ring/points", "/ring/points", None, 200),
    ("get", "/whoami", "/whoami", None, 200),
    ("get", "/ring/lookup", "/ring/lookup?key=%FF", None, 200),
    ("get", "/ring/lookup", "/ring/lookup", None, 400),
    ("post", "/ring/preview", "/ring/preview", {}, 200),
    ("post", "/ring/preview", "/ring/preview", {"profile": {"slots": 64}, "servers": {"S1": 1, "S9": 2}}, 200),
    ("post", "/ring/preview", "/ring/preview", {"servers": ["S1", "S9"]}, 200),
    ("post", "/ring/preview", "/ring/preview", {"slots": True}, 200),
    ("post", "/ring/preview", "/ring/preview", {"servers": 1}, 400),
    ("patch", "/servers/{hostname}", "/servers/S1", {"weight": 2}, 200),
    ("patch", "/servers/{hostname}", "/servers/S1", {"weight": -1}, 400),
    ("patch", "/servers/{hostname}", "/servers/S9", {"weight": 1}, 404),
]
"""Method, path as described, path as asked for, body, status."""
WITH_TOKENS = {("post", "/sessions/links"), ("post", "/sessions")}
"""They succeed only where there are tokens: test_sessions.py asks for them."""


@pytest.mark.parametrize("asked_for", ANSWERS)
def test_answers_are_as_described(
    client: FlaskClient, control: FlaskClient, balancer: InMemoryBalancer, asked_for: Asked
) -> None:
    method, path, url, body, status = asked_for
    balancer.runtime.occupy("taken")
    balancer.runtime.broken = {"broken"}
    asked = client if "servers" in DOCUMENT["paths"][path] else control
    if body is not None and status < 400:
        check(body, wanted(method, path))
    if (method, path, status) == ("delete", "/deploy", 202):
        balancer.rollout.begin({})
    answer = asked.open(url, method=method.upper(), data=None if body is None else json.dumps(body))
    assert answer.status_code == status


def test_an_answer_that_is_not_as_described_is_noticed(control: FlaskClient) -> None:
    """In every test that has this client."""
    control.application.view_functions["health.healthz"] = lambda: {"ready": "perhaps"}
    with pytest.raises(ValidationError, match="'perhaps' is not of type 'boolean'"):
        control.get("/healthz")
    control.application.view_functions["health.healthz"] = lambda: ({}, 418)
    with pytest.raises(AssertionError, match="GET /healthz promises no 418"):
        control.get("/healthz")


@pytest.mark.parametrize(
    ("described", "path", "kind"),
    [
        ("/", "/", "text/html"),
        ("/docs", "/docs", "text/html"),
        ("/docs.css", "/docs.css", "text/css"),
        ("/page/{file}", "/page/page.js", "text/javascript"),
        ("/page/{file}", "/page/page.css", "text/css"),
    ],
)
def test_pages_are_of_the_kind_that_is_described(control: FlaskClient, described: str, path: str, kind: str) -> None:
    answer = control.get(path)
    assert (answer.status_code, answer.mimetype) == (200, kind)
    assert kind in DOCUMENT["paths"][described]["get"]["responses"]["200"]["content"]


@pytest.mark.parametrize("path", ["/", "/page/page.js"])
def test_what_the_browser_has_already_is_described_too(control: FlaskClient, path: str) -> None:
    """The client compares."""
    assert control.get(path, headers={"If-None-Match": control.get(path).headers["ETag"]}).status_code == 304


def test_who_serves_is_behind_the_token_on_the_control_port(balancer: InMemoryBalancer) -> None:
    guarded = DescribedClient(control_app(balancer, token_sha256="0" * 64), TestResponse)
    assert guarded.get("/rep").status_code == 401


def test_every_text_is_a_sentence() -> None:
    assert [text for text in texts(DOCUMENT) if not text.endswith(".")] == []


def texts(part: object) -> Iterator[str]:
    """All descriptions in a part of the document, but for those of its servers, which are names."""
    for name, value in part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ():
        if name == "description" and isinstance(value, str):
            yield value
        elif not (name == "servers" and isinstance(value, list)):
            yield from texts(value)


def test_every_described_success_is_asked_for_above() -> None:
    described = {
        (method, path)
        for method, path, operation in operations()
        if any("application/json" in answer.get("content", {}) for answer in operation["responses"].values())
    }
    assert {(method, path) for method, path, _, _, status in ANSWERS if status < 400} == described - WITH_TOKENS


@pytest.mark.parametrize(
    "path",
    [
        "/ring",
        "/ring/slots",
        "/ring/lookup?key=1",
        "/load",
        "/load?history=1",
        "/edges",
        "/traffic",
        "/events",
        "/readyz",
        "/healthz",
    ],
)
@pytest.mark.parametrize("trouble", ["empty", "down", "plane away", "not restored"])
def test_answers_in_trouble_are_as_described(
    client: FlaskClient, control: FlaskClient, balancer: InMemoryBalancer, trouble: str, path: str
) -> None:
    if trouble == "empty":
        client.delete("/rm", data='{"n":3}')
    elif trouble == "down":
        balancer.runtime.broken = Everyone()
        balancer.runtime.die("S2")
        balancer.step()
    elif trouble == "plane away":
        balancer.plane.away.arm()
        balancer.step()
    else:
        balancer.desired.restored = False
    assert control.get(path).status_code in (200, 503)


def test_every_kind_of_event_is_in_it() -> None:
    assert DOCUMENT["components"]["schemas"]["EventKind"]["enum"] == list(EventKind)


def test_every_example_is_what_it_stands_for() -> None:
    for _, _, operation in operations():
        for content in operation.get("requestBody", {}).get("content", {}).values():
            check(content["example"], content["schema"])


def test_every_field_of_a_release_is_in_it() -> None:
    schemas = DOCUMENT["components"]["schemas"]
    assert schemas["ReleaseWish"]["properties"].keys() == {*FIELDS, "pull"}
    assert {*schemas["Release"]["properties"]} == {*schemas["Release"]["required"]}
    assert {*schemas["Release"]["properties"]} == {*FIELDS, "number", "content", "digest"}


def test_every_parameter_of_a_strategy_is_in_it() -> None:
    fields = DOCUMENT["components"]["schemas"]["RingProfile"]["properties"]
    parameters = {name for strategy in STRATEGIES.values() for name in strategy.parameters()}
    assert fields.keys() == {"strategy", "request_hash", "key", "bound"} | parameters
    assert fields["virtual_servers"] == {
        "type": "integer",
        "description": "course: K. ring: K; 0 stands for the usual number.",
    }
