"""Who gets metrics, and as what."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client.parser import text_string_to_metric_families

from balancer.core.errors import PlaneUnavailable
from balancer.http import operation
from balancer.http.answer import install_error_handlers
from balancer.http.metrics import Metrics, metrics_api
from tests.unit.balancer.http.test_roles import ALICE, BOB, gate
from tests.unit.balancer.in_memory import InMemoryBalancer, control_app

PATHS = ["/metrics", "/metrics/edge"]


def edge_client(text: str | None) -> FlaskClient:
    """An application whose edge has this text; None for an edge that is away."""

    def edge() -> str:
        if text is None:
            raise PlaneUnavailable("the edge's exporter does not answer at /run/exporter.sock: refused")
        return text

    app = Flask(__name__)
    install_error_handlers(app)
    app.register_blueprint(metrics_api(Metrics(balancer=lambda _: (b"", ""), edge=edge)))
    return app.test_client()


def test_the_balancers_metrics_are_text_that_prometheus_reads(control: FlaskClient) -> None:
    answer = control.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers.getlist("Content-Type") == ["text/plain; version=0.0.4; charset=utf-8"]
    assert "ringmaster_servers" in {family.name for family in text_string_to_metric_families(answer.text)}


def test_open_metrics_are_told_to_who_asks_for_them(control: FlaskClient) -> None:
    answer = control.get("/metrics", headers={"Accept": "application/openmetrics-text;version=1.0.0,text/plain;q=0.5"})
    assert answer.content_type.startswith("application/openmetrics-text; version=1.0.0")
    assert answer.text.endswith("# EOF\n")


def test_a_change_through_the_control_port_is_counted(control: FlaskClient) -> None:
    control.post("/add", json={"n": 1})
    control.post("/add", json={"n": 0})
    control.patch("/servers/S1", json={"weight": 2})
    lines = control.get("/metrics").text.splitlines()
    for kind, result, count in (("add", "done", 1), ("add", "refused", 1), ("weight", "done", 1), ("rm", "done", 0)):
        assert f'ringmaster_changes_total{{kind="{kind}",result="{result}"}} {count}.0' in lines
    assert 'ringmaster_change_duration_seconds_count{kind="add"} 1.0' in lines


@pytest.mark.parametrize("path", PATHS)
def test_a_token_that_may_read_is_enough_and_without_one_there_is_nothing(
    balancer: InMemoryBalancer, path: str
) -> None:
    control = control_app(balancer, guarded_by=gate(balancer)).test_client()
    refused = control.get(path)
    assert refused.status_code == 401
    assert refused.json == {
        "message": "<Error> this needs the deployment's token: Authorization: Bearer …",
        "status": "failure",
    }
    assert {control.get(path, headers=who).status_code for who in (ALICE, BOB)} <= {200, 404}


def test_while_the_plane_is_away_the_rest_is_told(control: FlaskClient, balancer: InMemoryBalancer) -> None:
    assert "\nringmaster_requests_without_key_total 0.0\n" in control.get("/metrics").text
    balancer.plane.away.arm()
    balancer.step()
    text = control.get("/metrics").text
    assert "\nringmaster_requests_without_key_total " not in text
    for line in (
        "ringmaster_servers_wanted 3.0",
        "ringmaster_in_sync 0.0",
        'ringmaster_problem{part="data plane"} 1.0',
    ):
        assert f"\n{line}\n" in text


def test_the_edges_metrics_are_passed_on() -> None:
    answer = edge_client("haproxy_up 1\n").get("/metrics/edge")
    assert (answer.status_code, answer.text) == (200, "haproxy_up 1\n")
    assert answer.headers.getlist("Content-Type") == ["text/plain; version=0.0.4"]


def test_an_edge_that_is_away_is_a_503() -> None:
    answer = edge_client(None).get("/metrics/edge")
    assert answer.status_code == 503
    assert answer.json == {
        "message": "<Error> the edge's exporter does not answer at /run/exporter.sock: refused",
        "status": "failure",
    }


def test_without_an_edge_it_is_a_404_that_says_so(control: FlaskClient) -> None:
    answer = control.get("/metrics/edge")
    assert answer.status_code == 404
    assert answer.json == {
        "message": "<Error> the data plane flask has no edge; /metrics has the figures of its servers",
        "status": "failure",
    }


def test_both_are_described(control: FlaskClient) -> None:
    views = {
        rule.rule: control.application.view_functions[rule.endpoint]
        for rule in control.application.url_map.iter_rules()
    }
    assert all(operation.of(views[path]) for path in PATHS)
