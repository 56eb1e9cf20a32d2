"""A deployment with the handout's profile, a token, a log of every request and an engine that can go away."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from hashlib import sha256
from typing import Any

import pytest

from loadtests import smoke
from loadtests.experiments import judge
from loadtests.running import CannotMeasure, running
from tests.deployment import Deployment
from tests.e2e.conftest import Measured
from tests.e2e.engine_proxy import EngineProxy
from tests.e2e.under_load import load
from tests.http_client import ask
from tests.polling import until

pytestmark = [pytest.mark.docker, pytest.mark.terraform]

TOKEN = "a-token-of-the-end-to-end-tests~1"  # noqa: S105 (it guards nothing)
CAP = 5
TIMEOUT = 3
SMOKE_REQUESTS = 2_000


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineProxy]:
    with EngineProxy(tmp_path_factory.mktemp("engine") / "docker.sock") as proxy:
        yield proxy


@pytest.fixture(scope="module")
def handout(engine: EngineProxy, plane: str) -> Iterator[Deployment]:
    with Deployment(
        data_plane=plane,
        ring={"strategy": "course"},
        unknown_path="course",
        access_log="all",
        token=TOKEN,
        max_servers=CAP,
        docker_socket=str(engine.path),
        drain_timeout=5,
        response_timeout=TIMEOUT,
    ) as handout:
        yield handout


def test_the_control_port_of_another_deployment_is_refused(handout: Deployment, deployment: Deployment) -> None:
    with pytest.raises(CannotMeasure, match="is not the control port of the deployment at"):
        running(handout.url, deployment.control_url)


# The handout's profile


def test_requests_follow_the_course_ring(handout: Deployment, measured: Measured) -> None:
    run = smoke.measure(handout, requests=SMOKE_REQUESTS)
    measured(str(run))
    assert judge.of_run(run, asked=SMOKE_REQUESTS) == []


@pytest.mark.parametrize(
    "path", ["/other", "/", "/home/", "/%41", "/a%22b%5C", "/it's", '/say "'.replace(" ", ""), "/\\", "/a{b}|c^`"]
)
def test_a_path_that_no_server_knows_is_answered_as_in_the_handout(handout: Deployment, path: str) -> None:
    answer = handout.get(f"{path}?query=1")
    message = f"<Error> '{path}' endpoint does not exist in server replicas"
    assert answer.status == 400
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.document == {"message": message, "status": "failure"}
    assert answer.body == json.dumps(answer.document, separators=(",", ":")).encode()


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD"])
def test_an_unknown_path_is_unknown_to_every_method(handout: Deployment, method: str) -> None:
    answer = ask(method, handout.url, "/other", body=b"x" * 10_000)
    assert answer.status == 400
    expected = b'{"message":"<Error> \'/other\' endpoint does not exist in server replicas","status":"failure"}'
    assert answer.body == (b"" if method == "HEAD" else expected)


def test_known_paths_are_the_servers_own(handout: Deployment) -> None:
    assert handout.get("/home").status == 200
    assert handout.get("/heartbeat").status == 200
    assert ask("POST", handout.url, "/home").status == 405


def test_the_cap_is_named_where_it_is_reached(handout: Deployment) -> None:
    before = handout.standing
    answer = handout.add(CAP - 2)
    assert answer.status == 400
    assert "max_servers is 5" in answer.document["message"]
    assert handout.standing == before


def test_a_server_that_takes_too_long_is_given_up(handout: Deployment) -> None:
    answer = handout.get(f"/slow?seconds={TIMEOUT + 2}")
    assert answer.status == 504
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.body == b'{"message":"<Error> The server did not answer in time","status":"failure"}'


def test_every_request_is_logged_with_its_server_slot_and_attempt(handout: Deployment) -> None:
    began = time.time()
    answer = handout.get("/home", headers={"X-Request-ID": "logged-1"})
    unknown = handout.get("/unknown", headers={"X-Request-ID": "logged-2"})
    where = "edge" if handout.settings.data_plane == "haproxy" else "balancer"

    def logged() -> dict[str, dict[str, Any]]:
        lines = handout.containers.logs(where, since=int(began)).splitlines()
        requests = [json.loads(line) for line in lines if '"request_id"' in line]
        return {line["request_id"]: line for line in requests if line["request_id"] in ("logged-1", "logged-2")}

    until(lambda: len(logged()) == 2, "both are logged", within=5)
    for number, (path, told) in enumerate([("/home", answer), ("/unknown", unknown)], 1):
        line = logged()[f"logged-{number}"]
        assert (line["message"], line["method"], line["path"], line["status"]) == ("request", "GET", path, told.status)
        assert line["server"] == told.headers["X-Served-By"]
        assert str(line["slot"]) == told.headers["X-Ring-Slot"]
        assert str(line["attempt"]) == told.headers["X-Ring-Attempt"]


# The token


@pytest.mark.parametrize(("method", "path"), [("POST", "/add"), ("DELETE", "/rm")])
@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x", TOKEN]
)
def test_changes_without_the_token_are_401(
    handout: Deployment, method: str, path: str, authorization: str | None
) -> None:
    before = handout.standing
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = ask(method, handout.url, path, body=b'{"n":1}', headers=headers)
    assert answer.status == 401
    assert answer.document["status"] == "failure"
    assert "bearer" in answer.headers["WWW-Authenticate"].lower()
    assert handout.standing == before


def test_with_the_token_the_fleet_changes(handout: Deployment) -> None:
    before = handout.replicas
    assert handout.add(1, ["S4"]).document["message"]["replicas"] == [*before, "S4"]
    assert handout.rm(1, ["S4"]).document["message"]["replicas"] == before


def test_reading_and_traffic_need_no_token(handout: Deployment) -> None:
    assert handout.rep().status == 200
    assert handout.get("/home").status == 200


def test_the_control_port_asks_for_the_token(handout: Deployment) -> None:
    for path in ("/readyz", "/healthz"):
        assert ask("GET", handout.control_url, path).status == 401
        assert ask("GET", handout.control_url, path, headers=handout.authorization).status == 200


def test_only_the_tokens_hash_is_kept(handout: Deployment) -> None:
    kept = handout.state + json.dumps([container.attrs for container in handout.containers.all])
    assert TOKEN not in kept
    assert sha256(TOKEN.encode()).hexdigest() in kept


# The engine


def test_while_the_engine_is_away_traffic_goes_on_and_the_balancer_says_so(
    handout: Deployment, engine: EngineProxy
) -> None:
    before = handout.standing
    engine.cut()
    try:
        with load(handout) as traffic:
            until(lambda: "engine" in handout.healthz().document["ailments"], "/healthz names the engine", within=15)
            assert (handout.healthz().status, handout.readyz().status) == (200, 503)
            refused = handout.add(1)
    finally:
        engine.mend()
    assert traffic.failed == 0, str(traffic)
    assert (refused.status, refused.document["status"]) == (503, "failure")
    handout.wait_until_ready()
    assert handout.standing == before


def test_a_death_that_the_engine_never_told_of_is_noticed_and_repaired(
    handout: Deployment, engine: EngineProxy
) -> None:
    """The event is lost, and so is everything else that the engine has to say; heartbeats are not."""
    victim, server = next(iter(handout.containers.servers.items()))
    engine.cut()
    try:
        with load(handout) as traffic:
            server.kill()
            until(lambda: victim not in handout.replicas, "it leaves the ring", within=15)
    finally:
        engine.mend()
    assert traffic.failed == 0, str(traffic)
    until(lambda: len(handout.replicas) == 3, "it is replaced", within=30)
    handout.wait_until_ready()
    assert handout.only_its_fleet_runs
