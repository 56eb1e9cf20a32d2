"""The control port: alive, and ready or not."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from tests.unit.balancer.in_memory import InMemoryBalancer

READY = (
    '{"ready":true,"N":3,"target":3,"replicas":["S1","S2","S3"],"silent":[],"ring":"a7acbe6163c57216",'
    '"ailments":{},"remedies":{},"certificates":[]}'
)


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_ready_balancer_says_so(control: FlaskClient, path: str) -> None:
    answer = control.get(path)
    assert (answer.status_code, answer.content_type, answer.text) == (200, "application/json", READY)


def test_a_balancer_whose_engine_is_away_lives_and_is_not_ready(
    control: FlaskClient, balancer: InMemoryBalancer
) -> None:
    balancer.runtime.away.arm()
    balancer.step()
    assert control.get("/healthz").status_code == 200
    answer = control.get("/readyz")
    assert answer.status_code == 503
    assert answer.json["ailments"] == {"engine": "the engine does not answer"}  # type: ignore[index]
    assert answer.json["remedies"]["engine"].startswith("`docker info`")  # type: ignore[index]


def test_a_balancer_that_lacks_a_server_is_not_ready(control: FlaskClient, balancer: InMemoryBalancer) -> None:
    balancer.runtime.die("S2")
    balancer.runtime.away.arm(after=1)
    balancer.reconciler.step()
    answer = control.get("/readyz")
    assert answer.status_code == 503
    assert (answer.json["N"], answer.json["target"]) == (2, 3)  # type: ignore[index]


@pytest.mark.parametrize("path", ["/ringmaster/rep", "/adds", "/home"])
def test_nothing_else_lives_on_the_control_port(control: FlaskClient, path: str) -> None:
    answer = control.get(path)
    assert answer.status_code == 404
    assert answer.text == f'{{"message":"<Error> {path} does not exist here","status":"failure"}}'


def test_a_wrong_method_is_told_what_is_allowed(control: FlaskClient) -> None:
    answer = control.post("/readyz")
    assert (answer.status_code, answer.content_type) == (405, "application/json")
    assert "GET" in answer.headers["Allow"]
