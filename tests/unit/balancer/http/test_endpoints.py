"""/rep, /add and /rm as the specification has them, byte for byte."""

from __future__ import annotations

import json
import re

import pytest
from flask.testing import FlaskClient

from tests.unit.balancer.in_memory import InMemoryBalancer


def test_rep_names_the_servers(client: FlaskClient) -> None:
    answer = client.get("/rep")
    assert answer.status_code == 200
    assert answer.text == '{"message":{"N":3,"replicas":["S1","S2","S3"]},"status":"successful"}'


def test_add_answers_with_the_fleet_after_the_change(client: FlaskClient) -> None:
    answer = client.post("/add", data='{"n":4,"hostnames":["S5","S4","S10","S11"]}')
    assert answer.status_code == 200
    assert answer.text == (
        '{"message":{"N":7,"replicas":["S1","S2","S3","S5","S4","S10","S11"]},"status":"successful"}'
    )
    assert client.get("/rep").text == answer.text


def test_add_makes_up_the_names_that_are_missing(client: FlaskClient) -> None:
    replicas = client.post("/add", data='{"n":2,"hostnames":["S4"]}').json["message"]["replicas"]  # type: ignore[index]
    assert replicas[:4] == ["S1", "S2", "S3", "S4"]
    assert re.fullmatch("[a-z0-9]{6}", replicas[4])


def test_add_takes_a_weight_for_all_that_it_adds(client: FlaskClient, balancer: InMemoryBalancer) -> None:
    assert client.post("/add", data='{"n":2,"hostnames":["S4"],"weight":3}').status_code == 200
    assert [server.weight for server in balancer.desired.fleet.servers] == [1, 1, 1, 3, 3]


def test_rm_answers_with_the_fleet_after_the_change(client: FlaskClient) -> None:
    answer = client.delete("/rm", data='{"n":1,"hostnames":["S2"]}')
    assert answer.status_code == 200
    assert answer.text == '{"message":{"N":2,"replicas":["S1","S3"]},"status":"successful"}'
    assert client.get("/rep").text == answer.text


def test_rm_goes_down_to_none(client: FlaskClient) -> None:
    empty = '{"message":{"N":0,"replicas":[]},"status":"successful"}'
    assert client.delete("/rm", data='{"n":3}').text == empty
    assert client.get("/rep").text == empty


@pytest.mark.parametrize(
    "content_type", [None, "application/x-www-form-urlencoded", "text/plain", "multipart/form-data"]
)
def test_a_body_is_json_whatever_its_content_type_says(client: FlaskClient, content_type: str | None) -> None:
    assert client.post("/add", data='{"n":1,"hostnames":["S4"]}', content_type=content_type).status_code == 200
    assert client.delete("/rm", data='{"n":1,"hostnames":["S4"]}', content_type=content_type).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/rep", None),
        ("GET", "/rep?x=1", None),
        ("POST", "/add", '{"n":1}'),
        ("DELETE", "/rm", '{"n":1}'),
        ("POST", "/add", "{}"),
        ("PUT", "/rep", None),
        ("GET", "/add", None),
        ("POST", "/add", "x" * 70_000),
    ],
)
def test_every_answer_says_that_it_is_json(client: FlaskClient, method: str, path: str, body: str | None) -> None:
    answer = client.open(path, method=method, data=body)
    assert answer.headers.getlist("Content-Type") == ["application/json"]
    assert json.loads(answer.data)["status"] in ("successful", "failure")
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_head_of_rep_has_no_body(client: FlaskClient) -> None:
    answer = client.head("/rep")
    assert (answer.status_code, answer.data) == (200, b"")


def test_n_counts_servers_that_serve(client: FlaskClient, balancer: InMemoryBalancer) -> None:
    balancer.runtime.die("S2")
    balancer.runtime.away.arm(after=1)
    balancer.reconciler.step()
    assert client.get("/rep").text == '{"message":{"N":2,"replicas":["S1","S3"]},"status":"successful"}'
