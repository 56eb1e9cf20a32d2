"""What is read from the balancer's status at a scrape."""

from __future__ import annotations

from dataclasses import replace

import pytest

from balancer.adapters.prometheus import families
from balancer.adapters.prometheus.readings import StatusCollector, about, of_status
from balancer.core.certificate import Certificate
from balancer.core.deploy import Deploy, Stage
from balancer.core.edge import Edge
from balancer.core.fleet import Fleet
from balancer.core.lifecycle import State
from balancer.core.prediction import Expectation
from balancer.core.release import Release
from balancer.core.server_load import LoadReport, ServerLoad
from balancer.core.status import Status
from tests.unit.balancer.core.fleets import PROFILES, serving

FLEET = serving(3, PROFILES[0]).fail(["S2"]).begin_join(["x"])
LOAD = LoadReport(
    20.0,
    10.0,
    (ServerLoad("S1", 5.0, 1.0, 2, 0.25, 100, 7, 0.75, 0.5), ServerLoad("S3", 0.0, 0.0, 0, 0.0, 0, 0, None, 0.5)),
    1.5,
)


def edge(node: str, *, is_leased: bool = True, in_step: bool = True) -> Edge:
    return Edge(node=node, is_leased=is_leased, is_serving=True, in_step=in_step, silent_for=0.0)


STATUS = Status(
    fleet=FLEET,
    spares_wanted=1,
    expectations=tuple(Expectation(server, server.ring_id, 0.5) for server in FLEET.servers),
    load=LOAD,
    problems={"engine": True, "state": False},
    certificates=(Certificate("a.pem", ("a.example",), "1", 1_800_000_000),),
    is_ready=False,
    in_sync=True,
    keyless=4,
    edges=1,
    old_processes=2,
    has_autoscaler=False,
    edges_of_nodes=(edge("w1"), edge("w2", is_leased=False), edge("w3", in_step=False)),
)
ABOUT = about("1.2", "haproxy", "3.13", 1000.0)


def deploying(stage: Stage) -> Fleet:
    new = Release(number=2, image="app:2")
    return replace(serving(3, PROFILES[0]), deploy=Deploy(new, 1, 1, stage))


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("servers", {(state,): 0 for state in families.STATES} | {("serving",): 2, ("down",): 1, ("joining",): 1}),
        ("servers_wanted", {(): 3}),
        ("spares_wanted", {(): 1}),
        ("server_slots", {("S1",): 1, ("S2",): 2, ("S3",): 3}),
        ("server_weight", {("S1",): 1, ("S2",): 1, ("S3",): 1}),
        ("server_expected_share_ratio", {("S1",): 0.5, ("S2",): 0.5, ("S3",): 0.5}),
        ("server_measured_share_ratio", {("S1",): 0.75}),
        ("server_requests_total", {("S1",): 100, ("S3",): 0}),
        ("server_errors_total", {("S1",): 7, ("S3",): 0}),
        ("server_requests_in_flight", {("S1",): 2, ("S3",): 0}),
        ("server_response_time_seconds", {("S1",): 0.25, ("S3",): 0.0}),
        ("ring_imbalance_ratio", {(): 1.5}),
        ("ring_slots", {(): FLEET.profile.slots}),
        ("ring_version", {(): FLEET.version}),
        ("requests_without_key_total", {(): 4}),
        ("ready", {(): 0}),
        ("in_sync", {(): 1}),
        ("edges", {(): 1}),
        ("edge_leased", {("w1",): 1, ("w2",): 0, ("w3",): 1}),
        ("edge_in_step", {("w1",): 1, ("w2",): 0, ("w3",): 0}),
        ("edge_old_processes", {(): 2}),
        ("problem", {("engine",): 1, ("state",): 0}),
        ("deploy_stage", {(stage,): 0 for stage in Stage}),
        ("deploy_servers_left", {(): 0}),
        ("autoscaler_enabled", {(): 0}),
        ("certificate_expiry_timestamp_seconds", {("a.pem",): 1_800_000_000}),
    ],
)
def test_every_figure_is_the_status(name: str, values: dict[tuple[str, ...], float]) -> None:
    assert of_status(STATUS)[name] == values


def test_what_is_not_known_is_not_told() -> None:
    unknown = replace(STATUS, keyless=None, old_processes=None, load=replace(LOAD, imbalance=None, servers=()))
    readings = of_status(unknown)
    for name in (
        "requests_without_key_total",
        "edge_old_processes",
        "ring_imbalance_ratio",
        "server_requests_total",
        "server_measured_share_ratio",
    ):
        assert readings[name] == {}


@pytest.mark.parametrize(("stage", "left"), [(Stage.PULLING, 3), (Stage.ROLLING, 3), (Stage.DONE, 0)])
def test_a_deploy_has_one_stage_and_its_servers_that_are_left(stage: Stage, left: int) -> None:
    readings = of_status(replace(STATUS, fleet=deploying(stage)))
    assert [of for (of,), value in readings["deploy_stage"].items() if value] == [stage]
    assert readings["deploy_servers_left"] == {(): left}


def test_two_containers_of_one_name_are_one_series() -> None:
    """As in a roll: the old container leaves while the new one serves."""
    one, *others = FLEET.servers
    leaving = replace(one, state=State.LEAVING, weight=9)
    both = tuple(Expectation(server, 5, 0.5) for server in (leaving, one, *others))
    assert of_status(replace(STATUS, expectations=both))["server_weight"]["S1",] == 1


def test_every_family_is_told_in_its_order_with_type_and_text() -> None:
    told = list(StatusCollector(lambda: STATUS, ABOUT).collect())
    names = [metric.name + ("_total" if metric.type == "counter" else "") for metric in told]
    assert names == [family.name for family in families.READ]
    assert [metric.type for metric in told] == [family.type for family in families.READ]
    assert [metric.documentation for metric in told] == [family.text for family in families.READ]


def test_labels_are_exactly_those_that_are_declared() -> None:
    told = list(StatusCollector(lambda: STATUS, ABOUT).collect())
    for metric, family in zip(told, families.READ, strict=True):
        for sample in metric.samples:
            assert tuple(sample.labels) == tuple(family.labels)
            assert all(not values or sample.labels[name] in values for name, values in family.labels.items())
        assert len({tuple(sample.labels.values()) for sample in metric.samples}) == len(metric.samples)
