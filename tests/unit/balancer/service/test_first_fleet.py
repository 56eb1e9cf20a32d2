"""A new deployment: its first servers come up together, under the same names however often it takes."""

from __future__ import annotations

import pytest

from balancer.core.errors import Busy
from balancer.core.fleet import Server
from balancer.core.fleet_change import FleetChange
from balancer.core.lifecycle import State
from balancer.core.release import Release
from tests.fakes.runtime import Everyone
from tests.unit.balancer.in_memory import InMemoryBalancer


def test_the_first_fleet_has_the_names_of_the_settings_and_the_first_ring_ids() -> None:
    balancer = InMemoryBalancer(initial=("web_1", "web_2")).started()
    assert [(server.hostname, server.ring_id) for server in balancer.desired.fleet.servers] == [
        ("web_1", 1),
        ("web_2", 2),
    ]
    assert balancer.is_sound()


def test_before_the_first_step_nothing_is_known_and_nothing_can_be_changed() -> None:
    balancer = InMemoryBalancer()
    assert not balancer.health.report()["ready"]
    with pytest.raises(Busy, match="still taking up its fleet"):
        balancer.fleet.add(FleetChange(1))
    with pytest.raises(Busy, match="still taking up its fleet"):
        balancer.fleet.remove(FleetChange(1))


def test_nobody_serves_until_all_of_the_first_fleet_do() -> None:
    balancer = InMemoryBalancer()
    balancer.runtime.mute = {"S2"}
    balancer.step()
    assert balancer.replicas == ()
    assert balancer.desired.fleet.instances(State.JOINING) == ("S1", "S2", "S3")
    with pytest.raises(Busy, match="the first servers are still starting"):
        balancer.fleet.add(FleetChange(1))


def test_a_first_fleet_that_fails_is_tried_again_with_the_same_names_and_ids() -> None:
    balancer = InMemoryBalancer()
    balancer.runtime.broken = {"S2"}
    balancer.steps(4)
    assert balancer.replicas == ()
    assert "S2 cannot be started" in balancer.health.report()["ailments"]["fleet"]
    balancer.runtime.broken = ()
    balancer.clock.sleep(60)
    balancer.steps(2)
    assert [(server.hostname, server.ring_id) for server in balancer.desired.fleet.servers] == [
        ("S1", 1),
        ("S2", 2),
        ("S3", 3),
    ]
    assert balancer.health.report()["ready"]
    assert balancer.is_sound()


def test_a_failed_first_fleet_leaves_no_container_while_it_waits() -> None:
    balancer = InMemoryBalancer()
    balancer.runtime.broken = {"S2"}
    balancer.step()
    assert balancer.runtime.names == set()


def test_a_first_fleet_that_keeps_failing_is_tried_ever_more_seldom() -> None:
    balancer = InMemoryBalancer()
    balancer.runtime.broken = Everyone()
    starts = 0

    def start(server: Server, release: Release, **_: object) -> None:
        nonlocal starts
        starts += server.hostname == "S1"
        type(balancer.runtime).start(balancer.runtime, server, release)

    balancer.runtime.start = start  # type: ignore[method-assign]
    for _ in range(300):
        balancer.step()
        balancer.clock.sleep(0.1)
    assert starts in range(5, 9)


def test_a_name_that_is_taken_is_told_and_the_container_left_alone() -> None:
    balancer = InMemoryBalancer()
    balancer.runtime.occupy("S2")
    balancer.step()
    assert "a container named S2 exists" in balancer.health.report()["ailments"]["fleet"]
    assert balancer.runtime.names == {"S2"}


def test_without_an_engine_the_first_fleet_waits_for_it() -> None:
    balancer = InMemoryBalancer()
    balancer.runtime.away.arm()
    balancer.steps(3)
    assert balancer.health.report()["ailments"]["engine"] == "the engine does not answer"
    balancer.runtime.away.clear()
    balancer.clock.sleep(60)
    balancer.steps(2)
    assert balancer.replicas == ("S1", "S2", "S3")
    assert balancer.health.report()["ready"]


def test_without_a_plane_the_first_fleet_serves_as_soon_as_it_is_there() -> None:
    balancer = InMemoryBalancer()
    balancer.plane.away.arm()
    balancer.steps(3)
    assert not balancer.health.report()["ready"]
    balancer.plane.away.clear()
    balancer.step()
    assert balancer.health.report()["ready"]
    assert balancer.is_sound()


def test_without_a_volume_nothing_is_started() -> None:
    balancer = InMemoryBalancer()
    balancer.store.full.arm()
    balancer.steps(3)
    assert balancer.runtime.names == set()
    assert "no space left" in balancer.health.report()["ailments"]["state"]
    balancer.store.full.clear()
    balancer.steps(2)
    assert balancer.health.report()["ready"]
