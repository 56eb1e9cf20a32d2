"""Inputs that nobody would write, to every operation of both ports: never a 5xx, always an answer that the OpenAPI
document promises, and a refused one changes nothing.

The variable INPUTS is the number of bodies; half as many come from the document:
INPUTS=10000 pytest -s tests/unit/balancer/http/test_hostile_input.py
"""

from __future__ import annotations

import json
import os
import socket
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance
from werkzeug.test import Client

from balancer.http.event_stream import STOPPING
from balancer.http.public import create_public_app
from tests.unit.balancer.in_memory import InMemoryBalancer, control_app, gate, openapi

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

DOCUMENT: dict[str, Any] = openapi()
METHODS = frozenset({"get", "put", "post", "patch", "delete"})
OPERATIONS = [(method, path) for path, item in DOCUMENT["paths"].items() for method in item if method in METHODS]
INPUTS = int(os.environ.get("INPUTS", "1500"))
MOST_SERVERS = 12
"""A larger fleet only makes each input slower: then the next one meets a new balancer."""


class Faces:
    """Both ports of a balancer in memory as one application: /rep, /add and /rm are the public port's. Every input is
    judged by what it did to the balancer."""

    def __init__(self) -> None:
        self.told: Counter[str] = Counter()
        self._renew()

    def _renew(self) -> None:
        self.balancer = InMemoryBalancer().started()
        self._public = create_public_app(self.balancer.fleet, gate=gate(self.balancer), forward=None)
        self._control = control_app(self.balancer)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        ours, theirs = socket.socketpair()
        with ours, theirs:
            environ |= {"REMOTE_ADDR": "127.0.0.1", "gunicorn.socket": ours, STOPPING: lambda: True}
            is_public = environ["PATH_INFO"] in ("/rep", "/add", "/rm")
            answer = (self._public if is_public else self._control)(environ, start_response)
            return list(answer)

    def judge(self, status: int, before: tuple[object, ...], about: object) -> None:
        self.told[f"{status // 100}xx"] += 1
        assert status < 500, about
        if status >= 400:
            assert self.balancer.whole_state() == before, about
            return
        self.balancer.step()
        if len(self.balancer.replicas) > MOST_SERVERS or not self.balancer.replicas:
            self._renew()


FACES = Faces()


@pytest.fixture(scope="module", autouse=True)
def numbers() -> Iterator[None]:
    yield
    print(f"{FACES.told.total()} inputs: {dict(sorted(FACES.told.items()))}")  # noqa: T201 (shown with -s)


SCHEMA = schemathesis.openapi.from_dict({**DOCUMENT, "security": []})
SCHEMA.app = FACES
SCHEMA.config.generation.update(modes=[GenerationMode.POSITIVE, GenerationMode.NEGATIVE])


@SCHEMA.parametrize()
@seed(16)
@settings(max_examples=max(1, INPUTS // 2 // len(OPERATIONS)), suppress_health_check=list(HealthCheck), database=None)
def test_what_the_document_describes_and_what_it_does_not(case: schemathesis.Case) -> None:
    before = FACES.balancer.whole_state()
    response = case.call()
    FACES.judge(response.status_code, before, case.as_curl_command())
    # A number such as 2.0 is an integer to JSON Schema, and not to the balancer. Only a stream reads Last-Event-ID.
    excluded = [positive_data_acceptance, *([negative_data_rejection] if case.path == "/events" else [])]
    case.validate_response(response, excluded_checks=excluded)


SCALAR = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
JSON: st.SearchStrategy[object] = st.deferred(
    lambda: SCALAR | st.lists(JSON, max_size=4) | st.dictionaries(st.text(max_size=12), JSON, max_size=4)
)
KNOWN = sorted(
    {
        "n",
        "hostnames",
        "weight",
        "image",
        "env",
        "strategy",
        "slots",
        "virtual_servers",
        "key",
        "request_hash",
        "add",
        "rm",
    }
)
NEARLY = st.dictionaries(st.sampled_from(KNOWN), JSON | st.integers(-2, 70) | st.lists(st.text(max_size=8), max_size=5))
BODIES = st.binary(max_size=300) | (JSON | NEARLY).map(lambda value: json.dumps(value).encode())
CHANGES = [(method, path) for method, path in OPERATIONS if method != "get"]


@pytest.mark.parametrize(("method", "path"), CHANGES)
@seed(16)
@settings(max_examples=max(1, INPUTS // len(CHANGES)), suppress_health_check=list(HealthCheck), database=None)
@given(body=BODIES, kind=st.sampled_from(["application/json", "text/plain", "multipart/form-data; boundary=x", ""]))
def test_bodies_of_every_kind(method: str, path: str, body: bytes, kind: str) -> None:
    before = FACES.balancer.whole_state()
    response = Client(FACES).open(path.replace("{hostname}", "S1"), method=method.upper(), data=body, content_type=kind)
    FACES.judge(response.status_code, before, (method, path, body))
    assert str(response.status_code) in DOCUMENT["paths"][path][method]["responses"], (method, path, body)
    if response.status_code >= 400:
        assert response.get_json()["status"] == "failure"
        assert response.get_json()["message"].startswith("<Error> ")
