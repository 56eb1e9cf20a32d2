"""The text that Prometheus scrapes, of a balancer in memory."""

from __future__ import annotations

import prometheus_client
import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families

from balancer.adapters.prometheus.exposition import Exposition
from balancer.adapters.prometheus.families import KEPT, READ
from balancer.adapters.prometheus.family import Type
from balancer.core.event import Event, EventKind
from balancer.ports.durations import Work
from tests.fakes.clock import FakeClock
from tests.unit.balancer.in_memory import InMemoryBalancer

OPEN_METRICS = "application/openmetrics-text;version=1.0.0"


def samples(exposition: Exposition) -> dict[tuple[str, tuple[str, ...]], float]:
    """(name, values of the labels) → value."""
    text, _ = exposition.text("")
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


def test_every_family_has_its_help_and_its_type(balancer: InMemoryBalancer) -> None:
    lines = balancer.exposition.text("")[0].decode().splitlines()
    for family in (*READ, *KEPT):
        assert f"# HELP {family.name} {family.text}" in lines
        assert f"# TYPE {family.name} {family.type}" in lines
    assert len([line for line in lines if line.startswith("# TYPE")]) == len(READ) + len(KEPT)


def test_every_series_that_can_be_counted_is_there_from_the_start() -> None:
    exposition = Exposition(FakeClock())
    told = samples(exposition)
    for family in KEPT:
        for values in family.series:
            suffix = "_count" if family.type is Type.HISTOGRAM else ""
            assert told[family.name + suffix, values] == 0
    assert not [name for name, _ in told if name.endswith("_created")]


def test_a_balancer_tells_of_its_fleet(balancer: InMemoryBalancer) -> None:
    told = samples(balancer.exposition)
    assert told["ringmaster_servers", ("serving",)] == 3
    assert told["ringmaster_ready", ()] == told["ringmaster_in_sync", ()] == 1
    assert told["ringmaster_server_slots", ("S1",)] > 0
    assert told["ringmaster_start_time_seconds", ()] < balancer.clock.time()
    assert [name for name, _ in told].count("ringmaster_build_info") == 1


def test_events_and_durations_are_counted() -> None:
    clock = FakeClock()
    exposition = Exposition(clock)
    exposition.kept.heard(Event(1, 0.0, EventKind.REPLACED, "S1", "S1 failed: its container is gone", 2.0))
    exposition.kept.heard(Event(2, 0.0, EventKind.PROMOTED, "S1"))
    exposition.kept.took(Work.RECONCILE, 0.25)
    exposition.kept.took(Work.SAVE, 0.5)
    told = samples(exposition)
    assert told["ringmaster_replacements_total", ("exited",)] == 1
    assert told["ringmaster_promotions_total", ()] == 1
    for name, seconds in (("replacement", 2.0), ("reconcile", 0.25), ("save", 0.5)):
        assert told[f"ringmaster_{name}_duration_seconds_sum", ()] == seconds
    assert told["ringmaster_last_save_timestamp_seconds", ()] == clock.time()


def test_a_replacement_is_counted_where_it_happens(balancer: InMemoryBalancer) -> None:
    balancer.runtime.die("S2")
    balancer.step()
    told = samples(balancer.exposition)
    assert told["ringmaster_failures_total", ("exited",)] == told["ringmaster_replacements_total", ("exited",)] == 1
    assert ("ringmaster_server_slots", ("S2",)) not in told


@pytest.mark.parametrize("accept", [OPEN_METRICS, "application/openmetrics-text;version=x;escaping=y"])
def test_open_metrics_are_told_where_they_are_asked_for(balancer: InMemoryBalancer, accept: str) -> None:
    text, content_type = balancer.exposition.text(accept)
    assert content_type.startswith("application/openmetrics-text; version=1.0.0")
    names = {family.name for family in open_metrics(text.decode())}
    assert names == {family.name.removesuffix("_total") for family in (*READ, *KEPT)}


@pytest.mark.parametrize("accept", ["", "*/*", "text/plain;version=0.0.4", "text/plain;version=x", "nonsense;;,"])
def test_everybody_else_gets_prometheus_own_format(balancer: InMemoryBalancer, accept: str) -> None:
    assert balancer.exposition.text(accept)[1].startswith("text/plain; version=0.0.4")


def test_nothing_is_in_the_registry_that_all_share(balancer: InMemoryBalancer) -> None:
    """Two balancers in one process keep their figures apart."""
    assert b"ringmaster" not in prometheus_client.generate_latest()
    other = Exposition(FakeClock())
    other.kept.heard(Event(1, 0.0, EventKind.PROMOTED))
    assert samples(balancer.exposition)["ringmaster_promotions_total", ()] == 0
