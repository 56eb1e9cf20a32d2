"""Everything that is refused: the shape, the code, the reason, and a fleet that is as it was."""

from __future__ import annotations

import json
from contextlib import ExitStack

import pytest
from flask.testing import FlaskClient

from balancer.core.errors import (
    Busy,
    EngineUnavailable,
    IllegalTransition,
    NameTaken,
    PlaneUnavailable,
    RingFull,
    RingmasterError,
    StartFailed,
    StateUnavailable,
    TooManyWait,
)
from balancer.core.fleet_change import FleetChange
from balancer.http.public import create_public_app
from balancer.service.change_queue import MOST_WAITING
from tests.unit.balancer.bad_bodies import BAD_BODIES
from tests.unit.balancer.in_memory import InMemoryBalancer, gate

METHODS = {"/add": "POST", "/rm": "DELETE"}
changing = pytest.mark.parametrize("path", METHODS)


def reason(text: str) -> str:
    """What stands after <Error> in an answer of exactly the shape that errors have."""
    document = json.loads(text)
    assert list(document) == ["message", "status"]
    assert document["status"] == "failure"
    assert document["message"].startswith("<Error> ")
    assert text.startswith('{"message":"<Error> ')
    return str(document["message"].removeprefix("<Error> "))


@changing
@pytest.mark.parametrize(("body", "why"), BAD_BODIES)
def test_a_bad_body_is_a_400_with_its_reason_and_changes_nothing(
    client: FlaskClient, balancer: InMemoryBalancer, path: str, body: bytes, why: str
) -> None:
    before = balancer.whole_state()
    answer = client.open(path, method=METHODS[path], data=body[:65_536])
    assert answer.status_code == 400
    assert why in reason(answer.text)
    assert balancer.whole_state() == before


def test_more_names_than_servers_to_add_are_refused_in_the_handouts_words(client: FlaskClient) -> None:
    answer = client.post("/add", data='{"n":1,"hostnames":["S4","S5"]}')
    assert answer.status_code == 400
    assert answer.text == (
        '{"message":"<Error> Length of hostname list is more than newly added instances","status":"failure"}'
    )


def test_more_names_than_servers_to_remove_are_refused_in_the_handouts_words(client: FlaskClient) -> None:
    answer = client.delete("/rm", data='{"n":1,"hostnames":["S1","S2"]}')
    assert answer.status_code == 400
    assert answer.text == (
        '{"message":"<Error> Length of hostname list is more than removable instances","status":"failure"}'
    )


@pytest.mark.parametrize(
    ("path", "body", "why"),
    [
        ("/add", '{"n":1,"hostnames":["S1"]}', "hostnames: S1 already exists"),
        ("/add", '{"n":1,"hostnames":["s1"]}', "hostnames: s1 already exists"),
        ("/add", '{"n":62}', "n: 62 is too many: max_servers is 64 and there are 3"),
        ("/add", '{"n":1,"weight":-1}', "weight must be an integer from 0 to 256"),
        ("/add", '{"n":1,"weight":1.5}', "weight must be an integer from 0 to 256"),
        ("/add", '{"n":1,"weight":null}', "weight must be an integer from 0 to 256"),
        ("/rm", '{"n":1,"hostnames":["S4"]}', "hostnames: S4 does not exist"),
        ("/rm", '{"n":1,"hostnames":["s1"]}', "hostnames: s1 does not exist"),
        ("/rm", '{"n":4}', "n: 4 is too many: there are 3 servers"),
    ],
)
def test_what_the_fleet_cannot_do_is_a_400_and_changes_nothing(
    client: FlaskClient, balancer: InMemoryBalancer, path: str, body: str, why: str
) -> None:
    before = balancer.whole_state()
    answer = client.open(path, method=METHODS[path], data=body)
    assert (answer.status_code, reason(answer.text)) == (400, why)
    assert balancer.whole_state() == before


def test_a_name_that_somebody_elses_container_has_is_a_409(client: FlaskClient, balancer: InMemoryBalancer) -> None:
    balancer.runtime.occupy("S4")
    before = balancer.whole_state()
    answer = client.post("/add", data='{"n":1,"hostnames":["S4"]}')
    assert answer.status_code == 409
    assert reason(answer.text) == "a container named S4 exists and is not a server of this deployment"
    assert balancer.whole_state() == before


def test_a_change_before_the_fleet_is_known_is_a_409() -> None:
    balancer = InMemoryBalancer()
    client = create_public_app(balancer.fleet, gate=gate(balancer), forward=None).test_client()
    answer = client.post("/add", data='{"n":1}')
    assert answer.status_code == 409
    assert "still taking up its fleet" in reason(answer.text)


def test_a_change_for_which_no_place_is_left_is_a_429_at_once(client: FlaskClient, balancer: InMemoryBalancer) -> None:
    with ExitStack() as places:
        for _ in range(1 + MOST_WAITING):
            places.enter_context(balancer.services.queue._place(is_own=False))
        before = balancer.whole_state()
        answer = client.post("/add", data='{"n":1}')
        assert answer.status_code == 429
        assert answer.headers["Retry-After"] == "5"
        assert reason(answer.text) == "8 changes of the fleet wait for their turn already; try again in a moment"
        assert balancer.whole_state() == before
        assert client.get("/rep").status_code == 200
    assert client.post("/add", data='{"n":1}').status_code == 200


def test_a_server_that_does_not_start_is_a_500_with_the_reason(client: FlaskClient, balancer: InMemoryBalancer) -> None:
    balancer.runtime.ending_at_once = {"S4"}
    before = balancer.whole_state()
    answer = client.post("/add", data='{"n":2,"hostnames":["S4","S5"]}')
    assert answer.status_code == 500
    assert reason(answer.text) == "S4 ended before it was ready (exited); see the balancer's log"
    assert balancer.whole_state() == before


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RingFull("full"), 400),
        (NameTaken("taken"), 409),
        (Busy("busy"), 409),
        (TooManyWait("many"), 429),
        (StartFailed("failed"), 500),
        (IllegalTransition("a defect"), 500),
        (EngineUnavailable("no engine"), 503),
        (PlaneUnavailable("no plane"), 503),
        (StateUnavailable("no volume"), 503),
    ],
)
def test_every_error_of_the_domain_has_its_code(
    client: FlaskClient, balancer: InMemoryBalancer, error: RingmasterError, status: int
) -> None:
    def add(wanted: FleetChange) -> tuple[str, ...]:
        raise error

    balancer.fleet.add = add  # type: ignore[method-assign]
    answer = client.post("/add", data='{"n":1}')
    assert (answer.status_code, reason(answer.text)) == (status, str(error))


def test_a_defect_is_a_500_that_gives_nothing_away(
    client: FlaskClient, balancer: InMemoryBalancer, caplog: pytest.LogCaptureFixture
) -> None:
    def add(wanted: FleetChange) -> tuple[str, ...]:
        raise ZeroDivisionError("secret")

    balancer.fleet.add = add  # type: ignore[method-assign]
    answer = client.post("/add", data='{"n":1}')
    assert (answer.status_code, reason(answer.text)) == (500, "The balancer failed; its log says why")
    assert "secret" in caplog.text


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        *[(method, "/rep", {"GET", "HEAD"}) for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS")],
        *[(method, "/add", {"POST"}) for method in ("GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS")],
        *[(method, "/rm", {"DELETE"}) for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "OPTIONS")],
        ("TRACE", "/add", {"POST"}),
        ("BREW", "/rep", {"GET", "HEAD"}),
    ],
)
def test_a_wrong_method_is_a_405_that_says_what_is_allowed(
    client: FlaskClient, balancer: InMemoryBalancer, method: str, path: str, allowed: set[str]
) -> None:
    before = balancer.whole_state()
    answer = client.open(path, method=method, data=b'{"n":1}')
    assert answer.status_code == 405
    assert {name.strip() for name in answer.headers["Allow"].split(",")} == allowed
    if method != "HEAD":
        assert reason(answer.text) == f"{path} does not know the method {method}"
    assert balancer.whole_state() == before


@changing
def test_a_body_at_the_limit_is_read(client: FlaskClient, path: str) -> None:
    filled = b'{"n":0,"x":"' + b"x" * (65_536 - 14) + b'"}'
    assert len(filled) == 65_536
    assert reason(client.open(path, method=METHODS[path], data=filled).text) == "n must be at least 1"


@changing
@pytest.mark.parametrize("size", [65_537, 65_538, 70_000, 1_000_000])
def test_a_body_beyond_the_limit_is_a_413(
    client: FlaskClient, balancer: InMemoryBalancer, path: str, size: int
) -> None:
    before = balancer.whole_state()
    answer = client.open(path, method=METHODS[path], data=b'{"n":1}' + b" " * (size - 7))
    assert answer.status_code == 413
    assert reason(answer.text) == "The body is larger than 65536 bytes"
    assert balancer.whole_state() == before


@changing
@pytest.mark.parametrize(("size", "status"), [(65_536, 400), (65_537, 413), (200_000, 413)])
def test_a_body_in_chunks_has_the_same_limit(client: FlaskClient, path: str, size: int, status: int) -> None:
    """gunicorn ends such a stream by itself and tells no length."""
    answer = client.open(
        path,
        method=METHODS[path],
        data=b"x" * size,
        headers={"Transfer-Encoding": "chunked"},
        environ_overrides={"CONTENT_LENGTH": "", "wsgi.input_terminated": True},
    )
    assert answer.status_code == status


def test_the_rest_of_a_body_that_is_too_large_is_read_so_that_the_client_sees_the_answer(client: FlaskClient) -> None:
    request = client.application.test_request_context("/add", method="POST", data=b"x" * 500_000).request
    answer = client.open(request.environ)
    assert answer.status_code == 413
    assert request.environ["wsgi.input"].read() == b""
