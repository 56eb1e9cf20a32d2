"""Metrics of a running deployment: what Prometheus gets, through edge and balancer, of both of them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from prometheus_client.parser import text_string_to_metric_families

from balancer.adapters.prometheus.families import KEPT, READ
from tests.containers import crash
from tests.e2e.conftest import N, only_flask, only_haproxy
from tests.http_client import ask
from tests.polling import until
from tests.system import System

pytestmark = [pytest.mark.docker, pytest.mark.terraform]

REQUESTS = 30

Labels = frozenset[tuple[str, str]]


def scraped(system: System, path: str = "/metrics") -> dict[tuple[str, Labels], float]:
    """(name, labels) → value."""
    answer = system.operate("GET", path)
    assert (answer.status, answer.headers.get_content_type()) == (200, "text/plain"), answer
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def series(name: str, **labels: str) -> tuple[str, Labels]:
    return name, frozenset(labels.items())


def servers_of(figures: Mapping[tuple[str, Labels], float], name: str) -> set[str]:
    return {dict(labels)["server"] for told, labels in figures if told == name}


def test_the_balancer_tells_of_fleet_ring_and_itself(system: System) -> None:
    text = system.operate("GET", "/metrics").text
    missing = [family.name for family in (*READ, *KEPT) if f"# TYPE {family.name} {family.type}\n" not in text]
    assert not missing
    figures = scraped(system)
    assert figures[series("ringmaster_servers", state="serving")] == figures[series("ringmaster_servers_wanted")] == N
    assert figures[series("ringmaster_ready")] == figures[series("ringmaster_in_sync")] == 1
    assert servers_of(figures, "ringmaster_server_slots") == set(system.replicas)
    assert figures[series("ringmaster_reconcile_duration_seconds_count")] > 0


def test_the_requests_of_every_server_are_counted(system: System) -> None:
    """The balancer reads every 5 s what the data plane has counted, and tells what came after its first reading."""

    def counted() -> float:
        return sum(value for (name, _), value in scraped(system).items() if name == "ringmaster_server_requests_total")

    until(lambda: system.operate("GET", "/load").document["time"], "there is a first reading", within=20)
    before = counted()
    for _ in range(REQUESTS):
        assert ask("GET", system.url, "/home").status == 200
    until(lambda: counted() >= before + REQUESTS, "the requests are counted", within=20)
    figures = scraped(system)
    assert servers_of(figures, "ringmaster_server_requests_in_flight") == set(system.replicas)


def test_a_killed_server_is_a_failure_and_a_replacement_and_its_series_are_gone(system: System) -> None:
    before, victim = scraped(system), system.replicas[0]
    crash(system.containers.server(victim))
    # What was done is counted after it is done: the new server may serve before its replacement is counted.
    for name in ("ringmaster_failures_total", "ringmaster_replacements_total"):
        wanted = before[series(name, cause="exited")] + 1
        until(lambda: scraped(system)[series(name, cause="exited")] == wanted, f"{name} is {wanted}", within=30)  # noqa: B023
    after = scraped(system)
    assert victim not in servers_of(after, "ringmaster_server_slots")
    saved = "ringmaster_save_duration_seconds_count"
    assert after[series(saved)] > before[series(saved)]


def test_a_change_is_counted(system: System) -> None:
    before = scraped(system)
    assert system.add(1, ["counted"]).status == 200
    assert system.rm(1, ["counted"]).status == 200
    assert system.add(0).status == 400
    after = scraped(system)
    for kind, result in (("add", "done"), ("rm", "done"), ("add", "refused")):
        changes = series("ringmaster_changes_total", kind=kind, result=result)
        assert after[changes] == before[changes] + 1


@only_haproxy
def test_the_edge_tells_of_its_servers_by_names_that_are_stable_over_a_roll(system: System) -> None:
    assert ask("GET", system.url, "/home").status == 200
    sessions = "haproxy_server_sessions_total"
    before = scraped(system, "/metrics/edge")
    assert {*system.replicas} <= servers_of(before, sessions)
    assert system.deploy({}).status == 202
    until(lambda: system.stage == "done", "the deploy is done", within=60)
    after = scraped(system, "/metrics/edge")
    assert servers_of(after, sessions) == servers_of(before, sessions)
    containers = {dict(labels).get("container", "") for name, labels in after if name == sessions} - {""}
    assert {container.partition(".")[0] for container in containers} == set(system.replicas)
    assert all("." in container for container in containers)
    assert scraped(system)[series("ringmaster_edges")] == 1


@only_flask
def test_without_an_edge_there_are_the_balancers_alone(system: System) -> None:
    assert system.operate("GET", "/metrics/edge").status == 404
    assert scraped(system)[series("ringmaster_edges")] == 0
