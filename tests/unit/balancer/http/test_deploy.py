"""The deploy API of the control port. What a deploy does is in service/test_rollout.py."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import pytest
from flask.testing import FlaskClient

from balancer.core.policy import Policy
from balancer.core.release import Release
from tests.fakes.images import FakeImages
from tests.unit.balancer.in_memory import InMemoryBalancer, control_app
from tests.unit.balancer.rolling import OLD, carry_on


def content(image: str) -> dict[str, str]:
    """What the fake registry has under this name."""
    found = FakeImages().anything(image)
    return {"content": found.content, "digest": found.digest}


TOKEN = "correct-horse-battery"  # noqa: S105 (made up)
REST = Release().told()
RELEASE = REST | {
    "number": 1,
    "image": "app:1",
    "environment": ["MODE"],
    "memory": "64m",
    "cpus": 0.0,
    **content("app:1"),
}


@pytest.fixture
def balancer() -> InMemoryBalancer:
    return InMemoryBalancer(release=OLD).started()


def servers(*releases: int) -> list[dict[str, Any]]:
    return [{"hostname": f"S{number}", "release": release} for number, release in enumerate(releases, start=1)]


def test_before_the_first_deploy_there_is_none(control: FlaskClient) -> None:
    answer = control.get("/deploy")
    assert (answer.status_code, answer.content_type) == (200, "application/json")
    assert answer.json == {"release": RELEASE, "deploy": None, "servers": servers(1, 1, 1)}


def test_a_deploy_is_accepted_followed_and_done(control: FlaskClient, balancer: InMemoryBalancer) -> None:
    wanted = {"image": "app:2", "environment": {"B": "2", "A": "1"}, "memory": "", "cpus": 1}
    answer = control.post("/deploy", data=json.dumps(wanted))
    unknown = {"content": "", "digest": ""}
    deploy: dict[str, Any] = {
        "stage": "pulling",
        "reason": "",
        "pulling": None,
        "wish": REST | {"number": 2, "image": "app:2", "environment": ["A", "B"], "memory": "", "cpus": 1.0} | unknown,
        "configured": False,
        "surge": 1,
        "batch": 1,
        "left": 3,
    }
    assert answer.status_code == 202
    assert answer.json == {"release": RELEASE, "deploy": deploy, "servers": servers(1, 1, 1)}
    balancer.rollout.carry_out_surge()
    deploy |= {"stage": "rolling", "wish": deploy["wish"] | content("app:2")}
    assert control.get("/deploy").json == {
        "release": RELEASE,
        "deploy": deploy | {"left": 2},
        "servers": servers(2, 1, 1),
    }
    carry_on(balancer)
    assert control.get("/deploy").json == {
        "release": deploy["wish"],
        "deploy": deploy | {"stage": "done", "left": 0},
        "servers": servers(2, 2, 2),
    }


def test_whose_release_it_is_is_told(control: FlaskClient, balancer: InMemoryBalancer) -> None:
    """So whoever changed the settings can tell when they are obeyed."""
    control.post("/deploy", data="{}")
    assert control.get("/deploy").json["deploy"]["configured"] is True  # type: ignore[index]


def test_a_deploy_that_does_not_go_through_tells_why(control: FlaskClient, balancer: InMemoryBalancer) -> None:
    balancer.runtime.broken = {"app:2"}
    control.post("/deploy", data='{"image":"app:2"}')
    carry_on(balancer)
    answer = control.get("/deploy").json
    assert answer is not None
    assert (answer["release"], answer["servers"]) == (RELEASE, servers(1, 1, 1))
    assert answer["deploy"]["stage"] == "rolled back"
    assert answer["deploy"]["reason"] == "S1 cannot be started: no such image"
    assert answer["deploy"]["left"] == 0


def test_a_deploy_can_be_taken_back(control: FlaskClient, balancer: InMemoryBalancer) -> None:
    control.post("/deploy", data='{"image":"app:2"}')
    balancer.rollout.carry_out_surge()
    answer = control.delete("/deploy")
    assert answer.status_code == 202
    assert answer.json is not None
    assert answer.json["deploy"]["stage"] == "rolling back"
    assert answer.json["deploy"]["left"] == 1
    carry_on(balancer)
    assert control.get("/deploy").json["deploy"]["stage"] == "rolled back"  # type: ignore[index]


def test_a_second_deploy_is_a_409_and_changes_nothing(control: FlaskClient, balancer: InMemoryBalancer) -> None:
    control.post("/deploy", data='{"image":"app:2"}')
    before = (balancer.desired.fleet, balancer.whole_state())
    answer = control.post("/deploy", data='{"image":"app:3"}')
    assert answer.status_code == 409
    assert answer.text == (
        '{"message":"<Error> a deploy is running; wait until GET /deploy says how it ended, or DELETE /deploy",'
        '"status":"failure"}'
    )
    assert (balancer.desired.fleet, balancer.whole_state()) == before


def test_where_nothing_is_on_its_way_there_is_nothing_to_take_back(
    control: FlaskClient, balancer: InMemoryBalancer
) -> None:
    before = (balancer.desired.fleet, balancer.whole_state())
    answer = control.delete("/deploy")
    assert answer.status_code == 409
    assert "no deploy is on its way; POST /deploy starts one" in answer.text
    assert (balancer.desired.fleet, balancer.whole_state()) == before


NOT_JSON = "the body is not JSON"
IMAGE = "image must be an image's name or id"
ENVIRONMENT = "environment must be a JSON object of strings"
MEMORY = "memory must be such as 256m, or empty for no limit"
CPUS = "cpus must be a number from 0 (no limit) to 512"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("", NOT_JSON),
        ("image=app:2", NOT_JSON),
        ('{"image":"app:2"', NOT_JSON),
        ("[]", "the body is not a JSON object"),
        ("null", "the body is not a JSON object"),
        ('{"Image":"app:2"}', '\\"Image\\" is not a field here; there is: image, environment, memory, cpus'),
        ('{"image":"app:2","number":7}', '\\"number\\" is not a field here'),
        ('{"image":"app:2","image":"app:3"}', '\\"image\\" is given twice'),
        ('{"image":""}', IMAGE),
        ('{"image":null}', IMAGE),
        ('{"image":2}', IMAGE),
        ('{"image":["app:2"]}', IMAGE),
        ('{"image":"app 2"}', IMAGE),
        ('{"image":"app:2\\n"}', IMAGE),
        ('{"environment":null}', ENVIRONMENT),
        ('{"environment":["A=1"]}', ENVIRONMENT),
        ('{"environment":{"A":1}}', ENVIRONMENT),
        ('{"environment":{"A":null}}', ENVIRONMENT),
        ('{"environment":{"":"1"}}', 'environment: \\"\\" cannot be a variable'),
        ('{"environment":{"A=B":"1"}}', 'environment: \\"A=B\\" cannot be a variable'),
        ('{"environment":{"A":"\\u0000"}}', 'environment: \\"A\\" cannot be a variable'),
        ('{"environment":{"A\\u0000":"1"}}', "cannot be a variable"),
        ('{"environment":{"A":"1","A":"2"}}', '\\"A\\" is given twice'),
        ('{"memory":64}', MEMORY),
        ('{"memory":null}', MEMORY),
        ('{"memory":"0"}', MEMORY),
        ('{"memory":"64 m"}', MEMORY),
        ('{"memory":"64mb"}', MEMORY),
        ('{"memory":"-1"}', MEMORY),
        ('{"memory":"' + "9" * 400 + 'g"}', MEMORY),
        ('{"cpus":"1"}', CPUS),
        ('{"cpus":true}', CPUS),
        ('{"cpus":null}', CPUS),
        ('{"cpus":-0.5}', CPUS),
        ('{"cpus":513}', CPUS),
        ('{"cpus":1e999}', CPUS),
        ('{"cpus":NaN}', "NaN is no JSON number"),
        ('{"image":"app:2","cpus":"1"}', CPUS),
    ],
)
def test_a_bad_document_is_a_400_with_its_reason_and_changes_nothing(
    control: FlaskClient, balancer: InMemoryBalancer, body: str, why: str
) -> None:
    before = (balancer.desired.fleet, balancer.whole_state())
    answer = control.post("/deploy", data=body)
    assert (answer.status_code, why in answer.text) == (400, True), answer.text
    assert not balancer.rollout.carry_out_surge()
    assert (balancer.desired.fleet, balancer.whole_state()) == before


def test_a_document_beyond_the_limit_is_a_413(control: FlaskClient, balancer: InMemoryBalancer) -> None:
    before = balancer.desired.fleet
    assert control.post("/deploy", data=b'{"image":"' + b"x" * 65_536 + b'"}').status_code == 413
    assert balancer.desired.fleet is before


def test_a_deploy_that_cannot_be_saved_is_a_503_and_none(control: FlaskClient, balancer: InMemoryBalancer) -> None:
    before = balancer.desired.fleet
    balancer.store.full.arm(times=1)
    assert control.post("/deploy", data="{}").status_code == 503
    assert balancer.desired.fleet == before


def test_before_the_fleet_is_known_a_deploy_is_a_409() -> None:
    control = control_app(InMemoryBalancer()).test_client()
    for answer in (control.post("/deploy", data="{}"), control.delete("/deploy")):
        assert answer.status_code == 409
        assert "still taking up its fleet" in answer.text
    assert control.get("/deploy").status_code == 200


def test_no_answer_and_no_event_tells_the_value_of_a_variable(control: FlaskClient, balancer: InMemoryBalancer) -> None:
    balancer.runtime.broken = {"app:2"}
    answers = [control.post("/deploy", data='{"image":"app:2","environment":{"KEY":"hunter2"}}').text]
    carry_on(balancer)
    answers += [control.get("/deploy").text, control.get("/events").text]
    assert "KEY" in answers[0]
    assert "hunter2" not in "".join(answers)


@pytest.mark.parametrize(("method", "body"), [("GET", None), ("POST", "{}"), ("DELETE", None)])
def test_without_the_token_nothing_is_deployed_or_told(
    balancer: InMemoryBalancer, method: str, body: str | None
) -> None:
    control = control_app(balancer, token_sha256=sha256(TOKEN.encode()).hexdigest()).test_client()
    before = balancer.desired.fleet
    assert control.open("/deploy", method=method, data=body).status_code == 401
    assert balancer.desired.fleet is before
    headers = {"Authorization": f"Bearer {TOKEN}"}
    assert control.open("/deploy", method=method, data=body, headers=headers).status_code in (200, 202, 409)


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_wrong_method_is_a_405(control: FlaskClient, method: str) -> None:
    assert control.open("/deploy", method=method, data="{}").status_code == 405


def test_a_deploy_beyond_the_policy_is_refused_with_what_to_set() -> None:
    balancer = InMemoryBalancer(policy=Policy(release=Release(image="app"))).started()
    before = balancer.whole_state()
    client = control_app(balancer).test_client()
    answer = client.post("/deploy", data=b'{"image":"evil:1"}')
    assert (answer.status_code, answer.json["status"]) == (400, "failure")  # type: ignore[index]
    assert "policy.images: make up VARS=" in answer.json["message"]  # type: ignore[index]
    assert balancer.whole_state() == before
    assert client.post("/deploy", data=b'{"image":"app:2"}').status_code == 202


def test_what_servers_run_already_may_be_made_anew_under_another_policy() -> None:
    balancer = InMemoryBalancer(policy=Policy(release=Release(image="other"))).started()
    assert control_app(balancer).test_client().post("/deploy", data=b"{}").status_code == 202
