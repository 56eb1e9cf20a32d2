"""The engine, the data plane or the volume is away for a while: said so, nothing lost, healed by itself."""

from __future__ import annotations

import pytest

from balancer.core.errors import EngineUnavailable, StateUnavailable
from balancer.core.event import EventKind
from balancer.core.fleet_change import FleetChange
from balancer.core.routes import Routes
from tests.unit.balancer.in_memory import InMemoryBalancer


def test_while_the_engine_is_away_everybody_goes_on_serving(balancer: InMemoryBalancer) -> None:
    balancer.runtime.away.arm()
    for _ in range(5):
        balancer.beat()
        balancer.step()
    assert balancer.replicas == ("S1", "S2", "S3")
    assert balancer.health.report()["ailments"] == {"engine": "the engine does not answer"}
    assert not balancer.health.report()["ready"]


def test_when_the_engine_is_back_all_is_as_before(balancer: InMemoryBalancer) -> None:
    before = balancer.whole_state()
    balancer.runtime.away.arm()
    balancer.steps(3)
    balancer.runtime.away.clear()
    balancer.step()
    assert balancer.whole_state() == before
    assert balancer.health.report()["ready"]


def test_a_server_that_hangs_while_the_engine_is_away_leaves_the_ring_and_is_replaced_later(
    balancer: InMemoryBalancer,
) -> None:
    balancer.runtime.away.arm()
    balancer.runtime.hang("S2")
    balancer.beat()
    balancer.step()
    assert {balancer.plane.answer(slot) for slot in range(512)} == {"S1", "S3"}
    balancer.runtime.away.clear()
    balancer.clock.sleep(60)
    balancer.steps(3)
    assert len(balancer.replicas) == 3
    assert "S2" not in balancer.runtime.names
    assert balancer.is_sound()


def test_a_server_that_dies_while_the_engine_is_away_is_found_by_its_heartbeats(balancer: InMemoryBalancer) -> None:
    balancer.runtime.away.arm()
    balancer.find_hung("S2")
    balancer.step()
    assert balancer.replicas == ("S1", "S3")


def test_an_engine_that_stays_away_is_not_asked_to_start_anything(balancer: InMemoryBalancer) -> None:
    balancer.runtime.away.arm()
    balancer.runtime.hang("S2")
    balancer.beat()
    balancer.steps(20)
    assert balancer.desired.fleet.next_ring_id == 4


def test_while_the_plane_is_away_a_failed_server_is_replaced_all_the_same(balancer: InMemoryBalancer) -> None:
    balancer.plane.away.arm()
    balancer.runtime.die("S2")
    balancer.steps(2)
    assert len(balancer.replicas) == 3
    assert balancer.health.report()["ailments"] == {"data plane": "the edge does not answer"}
    balancer.plane.away.clear()
    balancer.step()
    assert balancer.health.report()["ready"]
    assert balancer.is_sound()


def test_a_plane_that_is_behind_is_brought_into_step(balancer: InMemoryBalancer) -> None:
    balancer.plane.restart()
    balancer.step()
    assert balancer.is_sound()


def test_a_plane_that_is_in_step_is_left_alone(balancer: InMemoryBalancer) -> None:
    applied: list[Routes] = []

    def note(routes: Routes) -> None:
        applied.append(routes)

    balancer.plane.apply = note  # type: ignore[method-assign]
    balancer.steps(5)
    assert not applied


def test_while_the_volume_is_full_a_failed_server_still_serves_no_slot_for_long(balancer: InMemoryBalancer) -> None:
    balancer.store.full.arm()
    balancer.runtime.die("S2")
    balancer.steps(2)
    assert "no space left" in balancer.health.report()["ailments"]["state"]
    balancer.store.full.clear()
    balancer.clock.sleep(60)
    balancer.steps(3)
    assert len(balancer.replicas) == 3
    assert balancer.health.report()["ready"]
    assert balancer.is_sound()
    told = [event.server for event in balancer.events.since(0).events if event.kind is EventKind.FAILED]
    assert told == ["S2"], "it is told of once, however often it was found"


def test_a_volume_that_fills_up_while_a_replacement_starts_leaks_nothing(balancer: InMemoryBalancer) -> None:
    balancer.runtime.die("S2")
    balancer.store.full.arm(after=2)
    balancer.steps(3)
    balancer.store.full.clear()
    balancer.clock.sleep(60)
    balancer.steps(3)
    assert len(balancer.replicas) == 3
    assert balancer.is_sound()


def test_a_full_volume_and_a_plane_that_is_away_at_once_leave_the_fleet_whole(balancer: InMemoryBalancer) -> None:
    """The plane refuses the new routes, and then the old fleet cannot be saved again."""
    balancer.plane.away.arm(times=1)
    balancer.store.full.arm(after=2, times=2)
    with pytest.raises(StateUnavailable):
        balancer.fleet.add(FleetChange(1, ("S4",)))
    balancer.clock.sleep(60)
    balancer.steps(4)
    assert balancer.health.report()["ready"]
    assert balancer.is_sound()


def test_every_part_can_be_ill_at_once_and_heals(balancer: InMemoryBalancer) -> None:
    for fault in (balancer.runtime.away, balancer.plane.away, balancer.store.full):
        fault.arm()
    balancer.runtime.hang("S2")
    balancer.beat()
    balancer.steps(3)
    assert set(balancer.health.report()["ailments"]) == {"data plane", "engine", "state"}
    for fault in (balancer.runtime.away, balancer.plane.away, balancer.store.full):
        fault.clear()
    balancer.clock.sleep(60)
    balancer.steps(4)
    assert balancer.health.report()["ready"], balancer.health.report()
    assert balancer.is_sound()


def test_a_user_is_told_that_the_engine_is_away(balancer: InMemoryBalancer) -> None:
    balancer.runtime.away.arm()
    with pytest.raises(EngineUnavailable, match="the engine does not answer"):
        balancer.fleet.add(FleetChange(1))
    balancer.runtime.away.clear()
    balancer.steps(2)
    assert balancer.is_sound()


def test_a_failure_that_could_not_be_saved_and_has_passed_is_forgotten(balancer: InMemoryBalancer) -> None:
    """A hung server answers again before the disk has room. When it really fails, later, that is another failure."""
    balancer.find_hung("S2")
    balancer.store.full.arm()
    balancer.step()
    balancer.store.full.clear()
    balancer.runtime.wake("S2")
    balancer.beat(5)
    balancer.steps(2)
    assert balancer.replicas == ("S1", "S2", "S3")
    balancer.clock.sleep(600)
    balancer.runtime.die("S2")
    balancer.steps(3)
    [replaced] = [event for event in balancer.events.since(0).events if event.kind is EventKind.REPLACED]
    assert (replaced.server, replaced.reason) == ("S2", "S2 failed: its container is not running: exited")
    assert replaced.seconds is not None
    assert replaced.seconds < 60
