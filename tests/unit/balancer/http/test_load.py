"""/load on the control port: rates, shares and the last ten minutes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from balancer.core.fleet_change import FleetChange
from balancer.service.load_history import INTERVAL
from tests.unit.balancer.http.test_refusals import reason
from tests.unit.balancer.in_memory import InMemoryBalancer, control_app


def read(balancer: InMemoryBalancer) -> None:
    balancer.clock.sleep(INTERVAL)
    balancer.load_history.read()


def load(control: FlaskClient, query: str = "") -> Any:
    answer = control.get(f"/load{query}")
    assert answer.status_code == 200, answer.text
    return json.loads(answer.data)


def test_before_the_first_reading_there_are_expectations_alone(control: FlaskClient) -> None:
    document = load(control)
    assert (document["time"], document["since"], document["imbalance"]) == (None, None, None)
    assert [(server["hostname"], server["share"]) for server in document["servers"]] == [
        ("S1", None),
        ("S2", None),
        ("S3", None),
    ]


def test_the_load_is_told_byte_for_byte() -> None:
    balancer = InMemoryBalancer(initial=("S1",)).started()
    read(balancer)
    balancer.traffic.answered("S1", 101, errors=1, response_time=0.01234)
    balancer.plane.busy("S1", 2)
    read(balancer)
    assert control_app(balancer).test_client().get("/load").text == (
        '{"time":"2020-09-13T12:44:30.000+00:00","since":"2020-09-13T12:44:25.000+00:00","interval":5.0,'
        '"imbalance":1.0,"servers":[{"hostname":"S1","requests_per_second":20.2,"errors_per_second":0.2,"in_flight":2,'
        '"response_time":0.0123,"requests":101,"errors":1,"share":1.0,"expected":1.0,"node":""}]}'
    )


def test_the_history_has_a_hole_where_the_plane_was_away_and_before_a_server_came(
    balancer: InMemoryBalancer, control: FlaskClient
) -> None:
    read(balancer)
    balancer.traffic.answered("S1", 50, errors=5, response_time=0.5)
    read(balancer)
    balancer.plane.away.arm()
    read(balancer)
    balancer.plane.away.clear()
    balancer.fleet.add(FleetChange(1, ("S4",)))
    balancer.plane.busy("S4", 3)
    read(balancer)
    history = load(control, "?history=1")["history"]
    assert len(history["times"]) == 4
    assert history["times"] == sorted(history["times"])
    assert history["servers"]["S1"] == {
        "requests_per_second": [None, 10.0, None, 0.0],
        "in_flight": [0, 0, None, 0],
        "response_time": [0.0, 0.5, None, 0.5],
        "errors_per_second": [None, 1.0, None, 0.0],
    }
    assert history["servers"]["S4"]["in_flight"] == [None, None, None, 3]


@pytest.mark.parametrize("query", ["", "?history=0"])
def test_the_history_comes_only_where_it_is_asked_for(control: FlaskClient, query: str) -> None:
    assert "history" not in load(control, query)


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("history=2", "history must be 0 or 1"),
        ("history=", "history must be 0 or 1"),
        ("since=1", '"since" is not a field here; there is: history'),
    ],
)
def test_another_question_is_refused(control: FlaskClient, query: str, why: str) -> None:
    answer = control.get(f"/load?{query}")
    assert answer.status_code == 400
    assert why in reason(answer.text)
