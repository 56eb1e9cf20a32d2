"""Prometheus beside the system, as `make observe` started it: it gets what rules and dashboard ask for."""

from __future__ import annotations

import subprocess
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.http_client import ask
from tests.infra.conftest import Observed
from tests.infra.make import MadeSystem
from tests.observed import metrics, queries, rules
from tests.polling import until
from tests.system import System

pytestmark = [pytest.mark.docker, pytest.mark.terraform, pytest.mark.ansible, pytest.mark.promtool]

JOBS = {"ringmaster": "/metrics", "ringmaster-edge": "/metrics/edge"}


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


@pytest.fixture
def prometheus(observed: Observed) -> Prometheus:
    return Prometheus(f"http://127.0.0.1:{observed.port}")


@pytest.fixture
def watched(system: MadeSystem, prometheus: Prometheus) -> MadeSystem:
    """The system, of whose requests Prometheus has heard."""
    requests = f'sum(rate(ringmaster_server_requests_total{{deployment="{system.deployment}"}}[1m])) > 0'

    def heard() -> float | None:
        assert system.get("/home").status == 200
        return prometheus.value(requests)

    until(heard, "Prometheus hears of requests", within=20, pause=0.5)
    return system


def test_both_jobs_are_answered(watched: MadeSystem, prometheus: Prometheus) -> None:
    """A busy machine may miss one scrape; the next one is a second later."""

    def up() -> dict[str, tuple[str, str]]:
        samples = prometheus.query("up")
        return {each["metric"]["job"]: (each["metric"]["deployment"], each["value"][1]) for each in samples}

    wanted = dict.fromkeys(JOBS, (watched.deployment, "1"))
    until(lambda: up() == wanted, f"{wanted} are up", within=20, pause=0.5)


def test_there_is_everything_that_rules_and_dashboard_name(watched: MadeSystem) -> None:
    told = set()
    for path in JOBS.values():
        told |= families(watched, path)
    asked = set().union(*(metrics(rule.expression) for rule in rules()), *(metrics(query) for _, query in queries()))
    recorded = {rule.name for rule in rules()}
    assert asked - told - recorded - {"up", "ALERTS"} == set()


@pytest.mark.parametrize("path", JOBS.values())
def test_promtool_has_nothing_against_them(watched: MadeSystem, path: str) -> None:
    text = watched.operate("GET", path).body
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, check=False)
    assert (done.returncode, done.stderr.decode()) == (0, "")


def test_every_query_of_the_dashboard_is_answered(watched: MadeSystem, prometheus: Prometheus) -> None:
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


def test_the_figures_are_those_of_the_deployment(watched: MadeSystem, prometheus: Prometheus) -> None:
    def seen() -> tuple[float | None, float, set[str]]:
        shares = prometheus.value("sum(ringmaster_server_expected_share_ratio)") or 0
        by_server = prometheus.query('sum by (server) (haproxy_server_current_sessions{proxy="fleet"})')
        servers = {sample["metric"]["server"] for sample in by_server}
        return prometheus.value('sum(ringmaster_servers{state="serving"})'), round(shares, 6), servers

    replicas = watched.replicas
    wanted = (len(replicas), 1, set(replicas))
    until(lambda: seen() == wanted, f"the figures are {wanted}", within=20, pause=0.5)


@pytest.mark.usefixtures("changed_fleet")
def test_every_replacement_is_seen(watched: MadeSystem, prometheus: Prometheus) -> None:
    events = watched.operate("GET", "/events?kind=replaced&limit=1000").document["events"]
    assert events, "the server that was killed is not replaced"

    def is_counted() -> bool:
        return prometheus.value("sum(ringmaster_replacements_total)") == len(events)

    until(is_counted, f"{len(events)} replacements are counted", within=20, pause=0.5)


def families(system: System, path: str) -> set[str]:
    """The names that the page tells the type of, whether or not they have samples now."""
    lines = system.operate("GET", path).text.splitlines()
    return {line.split()[2] for line in lines if line.startswith("# TYPE ")}
