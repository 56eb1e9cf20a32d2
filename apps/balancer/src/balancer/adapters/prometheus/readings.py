"""The metrics that are read from the balancer's status at every scrape. Series of what is gone disappear."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from balancer.adapters.prometheus import families
from balancer.adapters.prometheus.family import Type
from balancer.core import roll
from balancer.core.deploy import Stage
from balancer.core.fleet import ON_THE_RING, Fleet
from balancer.core.prediction import Expectation
from balancer.core.server_load import LoadReport
from balancer.core.status import Status

Readings = dict[str, dict[tuple[str, ...], float]]
"""name of a family, without `ringmaster_` → values of its labels → value."""


class StatusCollector(Collector):
    """`about`: what does not change while the process runs."""

    def __init__(self, status: Callable[[], Status], about: Readings) -> None:
        self._status = status
        self._about = about

    def collect(self) -> Iterator[Metric]:
        readings = self._about | of_status(self._status())
        for family in families.READ:
            kind = CounterMetricFamily if family.type is Type.COUNTER else GaugeMetricFamily
            metric = kind(family.name, family.text, labels=tuple(family.labels))
            for values, value in readings[family.name.removeprefix("ringmaster_")].items():
                metric.add_metric(values, value)
            yield metric


def about(version: str, data_plane: str, python: str, started: float) -> Readings:
    """What does not change. `started`: seconds since 1970."""
    return {"build_info": {(version, data_plane, python): 1}, "start_time_seconds": {(): started}}


def of_status(status: Status) -> Readings:
    fleet, load = status.fleet, status.load
    return {
        **_of_fleet(fleet),
        **_of_expectations(status.expectations),
        **_of_load(load),
        **_of_deploy(fleet),
        "spares_wanted": {(): status.spares_wanted},
        "ring_imbalance_ratio": _known(load.imbalance),
        "requests_without_key_total": _known(status.keyless),
        "ready": {(): status.is_ready},
        "in_sync": {(): status.in_sync},
        "edges": {(): status.edges},
        "edge_leased": {(edge.node,): edge.is_leased for edge in status.edges_of_nodes},
        "edge_in_step": {(edge.node,): edge.is_leased and edge.in_step for edge in status.edges_of_nodes},
        "edge_old_processes": _known(status.old_processes),
        "problem": {(part,): ails for part, ails in status.problems.items()},
        "autoscaler_enabled": {(): status.has_autoscaler},
        "certificate_expiry_timestamp_seconds": {(item.file,): item.expires for item in status.certificates},
    }


def _of_fleet(fleet: Fleet) -> Readings:
    states = Counter(str(server.state) for server in fleet.servers)
    return {
        "servers": {(state,): states[state] for state in families.STATES},
        "servers_wanted": {(): fleet.target},
        "ring_slots": {(): fleet.profile.slots},
        "ring_version": {(): fleet.version},
    }


def _of_expectations(expectations: tuple[Expectation, ...]) -> Readings:
    on_the_ring = [expected for expected in expectations if expected.server.state in ON_THE_RING]
    return {
        "server_slots": {(expected.server.hostname,): expected.slots for expected in on_the_ring},
        "server_weight": {(expected.server.hostname,): expected.server.weight for expected in on_the_ring},
        "server_expected_share_ratio": {(expected.server.hostname,): expected.share for expected in on_the_ring},
    }


def _of_load(load: LoadReport) -> Readings:
    return {
        "server_measured_share_ratio": {
            (server.hostname,): server.share for server in load.servers if server.share is not None
        },
        "server_requests_total": {(server.hostname,): server.requests for server in load.servers},
        "server_errors_total": {(server.hostname,): server.errors for server in load.servers},
        "server_requests_in_flight": {(server.hostname,): server.in_flight for server in load.servers},
        "server_response_time_seconds": {(server.hostname,): server.response_time for server in load.servers},
    }


def _of_deploy(fleet: Fleet) -> Readings:
    stage = fleet.deploy.stage if fleet.deploy else None
    return {
        "deploy_stage": {(each,): each is stage for each in Stage},
        "deploy_servers_left": {(): roll.left(fleet)},
    }


def _known(value: float | None) -> dict[tuple[str, ...], float]:
    """One value without labels; none where it is not known."""
    return {} if value is None else {(): value}
