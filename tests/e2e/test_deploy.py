"""Another image, environment or limits for all servers, one after another, under load."""

from __future__ import annotations

import pytest

from tests.containers import crash
from tests.e2e.conftest import NOWHERE, Measured, only_haproxy
from tests.e2e.under_load import load
from tests.polling import stays, until
from tests.system import ON_THEIR_WAY, System

pytestmark = [pytest.mark.docker, pytest.mark.terraform]

MARK = "E2E_MARK"


def end(system: System) -> str:
    until(lambda: system.stage not in ("", *ON_THEIR_WAY), "the deploy has ended", within=90)
    return system.stage


def marks(system: System) -> set[str]:
    """What the servers' variable is, over all of them."""
    environments = (system.containers.environment(server) for server in system.containers.servers.values())
    return {environment.get(MARK, "") for environment in environments}


def test_a_roll_loses_no_request_and_moves_no_slot(system: System, measured: Measured) -> None:
    before = system.standing
    places = system.slot_map
    with load(system) as traffic:
        answer = system.deploy({"environment": {MARK: "rolled"}})
        assert answer.status == 202, answer
        assert system.deploy({}).status == 409
        assert end(system) == "done"
    measured(str(traffic))
    assert traffic.failed == 0, str(traffic)
    after = system.standing
    assert (after.replicas, after.ring) == (before.replicas, before.ring)
    assert system.slot_map == places
    assert not set(after.runs.values()) & set(before.runs.values())
    assert marks(system) == {"rolled"}
    until(lambda: has_its_names(system), "every container is named like its hostname", within=10)
    events = system.operate("GET", "/events?kind=deploy&limit=1000").document["events"]
    assert {event["server"] for event in events} >= set(after.replicas)


def has_its_names(system: System) -> bool:
    prefix = system.settings.name_prefix
    return all(container.name == prefix + hostname for hostname, container in system.containers.servers.items())


def test_a_release_that_does_not_start_leaves_the_old_fleet_as_it_was(system: System) -> None:
    before = system.standing
    with load(system) as traffic:
        assert system.deploy({"image": f"{NOWHERE}/nothing:1"}).status == 202
        assert end(system) == "rolled back"
    assert traffic.failed == 0, str(traffic)
    assert system.standing == before
    assert f"{NOWHERE}/nothing:1" in system.operate("GET", "/deploy").document["deploy"]["reason"]


def test_an_image_beyond_the_policy_is_refused_with_what_to_set(system: System) -> None:
    before = system.standing
    answer = system.deploy({"image": "elsewhere.invalid/nothing:1"})
    assert (answer.status, "policy.images: make up VARS=" in answer.text) == (400, True), answer
    assert system.standing == before


@only_haproxy
def test_a_roll_goes_on_after_the_balancers_death(system: System) -> None:
    ring = system.standing.ring
    with load(system) as traffic:
        assert system.deploy({"environment": {MARK: "after"}}).status == 202
        until(lambda: "after" in marks(system), "the roll has begun", within=30)
        crash(system.containers.balancer)
        system.wait_until_ready(within=60)
        assert end(system) == "done"
    assert traffic.failed == 0, str(traffic)
    assert marks(system) == {"after"}
    assert system.standing.ring == ring
    until(lambda: system.only_its_fleet_runs, "nothing else is left", within=30)


@only_haproxy
def test_a_roll_that_a_user_stops_goes_back(system: System) -> None:
    before = marks(system)
    assert system.deploy({"environment": {MARK: "unwanted"}}).status == 202
    until(lambda: "unwanted" in marks(system), "the roll has begun", within=30)
    assert system.operate("DELETE", "/deploy").status == 202
    assert end(system) == "rolled back"
    assert marks(system) == before
    assert system.operate("DELETE", "/deploy").status == 409


@only_haproxy
def test_a_roll_waits_while_the_edge_is_away(system: System) -> None:
    """No container is started that could not take over."""
    before = system.containers.servers.keys()
    system.containers.edge.stop()
    try:
        until(lambda: not system.healthz().document["ready"], "the balancer knows", within=10)
        assert system.deploy({"environment": {MARK: "later"}}).status == 202
        stays(lambda: system.containers.servers.keys() == before, "no container is started", seconds=3)
    finally:
        system.containers.edge.start()
    assert end(system) == "done"
    assert marks(system) == {"later"}
