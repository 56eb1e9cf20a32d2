"""Debian's Prometheus beside a deployment, as `make observe` starts it: it gets what rules and dashboard ask for."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.deployment import PROJECT, Deployment, free_ports
from tests.e2e.conftest import N, only_haproxy
from tests.http_client import ask
from tests.observed import metrics, queries, rules
from tests.polling import until
from tests.system import System

pytestmark = [
    pytest.mark.docker,
    pytest.mark.terraform,
    pytest.mark.ansible,
    pytest.mark.promtool,
    only_haproxy,
]

JOBS = {"ringmaster": "/metrics", "ringmaster-edge": "/metrics/edge"}
INTERVAL = 1
"""Seconds between two scrapes, and between two evaluations of the rules."""


class Prometheus:
    """The API of a Prometheus."""

    def __init__(self, url: str) -> None:
        self._url = url

    def ask(self, path: str, **parameters: str) -> Any:
        answer = ask("GET", self._url, f"/api/v1/{path}?{urlencode(parameters)}")
        assert answer.status == 200, f"{path} {parameters}: {answer}"
        return answer.document["data"]

    def query(self, expression: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.ask("query", query=expression)["result"]
        return found

    def value(self, expression: str) -> float | None:
        """The only value of the expression; None where it has none."""
        found = self.query(expression)
        assert len(found) <= 1, found
        return float(found[0]["value"][1]) if found else None


def play(**variables: object) -> None:
    done = subprocess.run(
        ["ansible-playbook", "infra/ansible/observe.yml", "--extra-vars", json.dumps(variables)],
        cwd=PROJECT,
        env=os.environ | {"ANSIBLE_CONFIG": str(PROJECT / "ansible.cfg"), "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def prometheus(deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    (port,) = free_ports(1)
    variables = {
        "ringmaster_deployment": deployment.deployment,
        "ringmaster_prometheus_folder": str(tmp_path_factory.mktemp("observe") / "prometheus"),
    }
    try:
        play(ringmaster_prometheus_port=port, ringmaster_prometheus_scrape_interval=f"{INTERVAL}s", **variables)
        yield Prometheus(f"http://127.0.0.1:{port}")
    finally:
        play(ringmaster_prometheus_state="absent", **variables)


@pytest.fixture
def watched(system: System, prometheus: Prometheus) -> System:
    """The system, of whose requests Prometheus has heard."""
    requests = f'sum(rate(ringmaster_server_requests_total{{deployment="{system.deployment}"}}[1m])) > 0'

    def heard() -> float | None:
        assert system.get("/home").status == 200
        return prometheus.value(requests)

    until(heard, "Prometheus hears of requests", within=20, pause=0.5)
    return system


def test_both_jobs_are_answered(watched: System, prometheus: Prometheus) -> None:
    up = {sample["metric"]["job"]: sample for sample in prometheus.query("up")}
    assert up.keys() == JOBS.keys()
    for sample in up.values():
        assert sample["value"][1] == "1"
        assert sample["metric"]["deployment"] == watched.deployment


def test_there_is_everything_that_rules_and_dashboard_name(watched: System) -> None:
    told = set()
    for path in JOBS.values():
        told |= families(watched, path)
    asked = set().union(*(metrics(rule.expression) for rule in rules()), *(metrics(query) for _, query in queries()))
    recorded = {rule.name for rule in rules()}
    assert asked - told - recorded - {"up", "ALERTS"} == set()


@pytest.mark.parametrize("path", JOBS.values())
def test_promtool_has_nothing_against_them(watched: System, path: str) -> None:
    text = watched.operate("GET", path).body
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, check=False)
    assert (done.returncode, done.stderr.decode()) == (0, "")


def test_every_query_of_the_dashboard_is_answered(watched: System, prometheus: Prometheus) -> None:
    for title, query in queries(watched.deployment):
        assert "$" not in query, title
        prometheus.query(query)


@pytest.mark.usefixtures("watched")
def test_every_rule_is_evaluated_and_no_alert_fires(prometheus: Prometheus) -> None:
    def evaluated() -> list[dict[str, Any]]:
        known = [rule for group in prometheus.ask("rules")["groups"] for rule in group["rules"]]
        return known if all(rule["health"] != "unknown" for rule in known) else []

    known = until(evaluated, "all rules are evaluated", within=20, pause=0.5)
    assert sorted(rule["name"] for rule in known) == sorted(rule.name for rule in rules())
    assert [rule for rule in known if rule["health"] != "ok"] == []
    assert prometheus.query('ALERTS{alertstate="firing"}') == []


def test_the_figures_are_those_of_the_deployment(watched: System, prometheus: Prometheus) -> None:
    assert prometheus.value('sum(ringmaster_servers{state="serving"})') == N
    assert prometheus.value("sum(ringmaster_server_expected_share_ratio)") == pytest.approx(1)
    by_server = prometheus.query('sum by (server) (haproxy_server_current_sessions{proxy="fleet"})')
    assert {sample["metric"]["server"] for sample in by_server} == set(watched.replicas)


def test_a_replacement_is_seen(watched: System, prometheus: Prometheus) -> None:
    replaced = "sum(ringmaster_replacements_total)"
    before = prometheus.value(replaced)
    assert before is not None
    watched.containers.server(watched.replicas[0]).kill()
    until(lambda: prometheus.value(replaced) == before + 1, "the replacement is counted", within=20, pause=0.5)


def families(system: System, path: str) -> set[str]:
    """The names that the page tells the type of, whether or not they have samples now."""
    lines = system.operate("GET", path).text.splitlines()
    return {line.split()[2] for line in lines if line.startswith("# TYPE ")}
