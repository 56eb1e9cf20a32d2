"""Adding servers: all of them or none."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from balancer.core.errors import (
    EngineUnavailable,
    InvalidRequest,
    NameTaken,
    PlaneUnavailable,
    RingFull,
    StartFailed,
    StateUnavailable,
)
from balancer.core.fleet_change import FleetChange
from tests.fakes.runtime import Everyone
from tests.unit.balancer.in_memory import InMemoryBalancer

TWO = FleetChange(2, ("S4", "S5"))
Fault = Callable[[InMemoryBalancer], None]


def test_named_servers_join_in_the_order_of_their_names(balancer: InMemoryBalancer) -> None:
    assert balancer.fleet.add(FleetChange(2, ("S5", "S4"))) == ("S1", "S2", "S3", "S5", "S4")
    assert balancer.is_sound()


def test_missing_names_are_made_up(balancer: InMemoryBalancer) -> None:
    replicas = balancer.fleet.add(FleetChange(3, ("S4",)))
    assert replicas[:4] == ("S1", "S2", "S3", "S4")
    assert all(re.fullmatch("[a-z0-9]{6}", name) for name in replicas[4:])
    assert len(set(replicas)) == 6
    assert balancer.is_sound()


def test_when_add_answers_every_new_server_has_its_share(balancer: InMemoryBalancer) -> None:
    balancer.fleet.add(TWO)
    reached = {balancer.plane.answer(slot) for slot in range(512)}
    assert reached == {"S1", "S2", "S3", "S4", "S5"}


def test_n_stays_raised_when_a_new_server_dies(balancer: InMemoryBalancer) -> None:
    balancer.fleet.add(TWO)
    balancer.runtime.vanish("S4")
    balancer.steps(2)
    assert len(balancer.replicas) == 5
    assert balancer.is_sound()


def break_start(balancer: InMemoryBalancer) -> None:
    balancer.runtime.broken = {"S5"}


def break_server(balancer: InMemoryBalancer) -> None:
    balancer.runtime.ending_at_once = {"S5"}


def break_heartbeat(balancer: InMemoryBalancer) -> None:
    balancer.runtime.mute = {"S5"}


def take_the_name(balancer: InMemoryBalancer) -> None:
    balancer.runtime.occupy("S5")


def take_the_engine_away(balancer: InMemoryBalancer) -> None:
    balancer.runtime.away.arm(times=2)


def take_the_engine_away_for_the_second_server(balancer: InMemoryBalancer) -> None:
    balancer.runtime.away.arm(after=1, times=1)


def take_the_plane_away(balancer: InMemoryBalancer) -> None:
    balancer.plane.away.arm(times=1)


def fill_the_volume_at_once(balancer: InMemoryBalancer) -> None:
    balancer.store.full.arm(times=1)


def fill_the_volume_before_the_servers_serve(balancer: InMemoryBalancer) -> None:
    balancer.store.full.arm(after=1, times=1)


@pytest.mark.parametrize(
    ("fault", "error", "reason"),
    [
        (break_start, StartFailed, "S5 cannot be started: no such image"),
        (break_server, StartFailed, r"S5 ended before it was ready \(exited\); see the balancer's log"),
        (break_heartbeat, StartFailed, r"S5 did not answer http://10\.0\.0\.\d+:5000/heartbeat with 200 within 30 s"),
        (take_the_name, NameTaken, "a container named S5 exists and is not a server of this deployment"),
        (take_the_engine_away, EngineUnavailable, "the engine does not answer"),
        (take_the_engine_away_for_the_second_server, EngineUnavailable, "the engine does not answer"),
        (take_the_plane_away, PlaneUnavailable, "the edge does not answer"),
        (fill_the_volume_at_once, StateUnavailable, "no space left"),
        (fill_the_volume_before_the_servers_serve, StateUnavailable, "no space left"),
    ],
)
def test_when_one_thing_fails_nothing_of_it_is_left(
    balancer: InMemoryBalancer, fault: Fault, error: type[Exception], reason: str
) -> None:
    fault(balancer)
    before = balancer.whole_state()
    with pytest.raises(error, match=reason):
        balancer.fleet.add(TWO)
    assert balancer.whole_state() == before
    assert balancer.plane.in_step(balancer.plane.routes)


@pytest.mark.parametrize("fault", [break_start, break_server, break_heartbeat])
def test_the_same_names_can_be_added_once_the_fault_is_mended(balancer: InMemoryBalancer, fault: Fault) -> None:
    fault(balancer)
    with pytest.raises(StartFailed):
        balancer.fleet.add(TWO)
    balancer.runtime.broken = balancer.runtime.ending_at_once = balancer.runtime.mute = ()
    assert balancer.fleet.add(TWO) == ("S1", "S2", "S3", "S4", "S5")
    assert balancer.is_sound()


def test_a_container_of_somebody_else_survives_a_refused_addition(balancer: InMemoryBalancer) -> None:
    balancer.runtime.occupy("S4")
    with pytest.raises(NameTaken):
        balancer.fleet.add(TWO)
    assert "S4" in balancer.runtime.names


def test_what_an_engine_that_went_away_cannot_remove_is_removed_when_it_is_back(balancer: InMemoryBalancer) -> None:
    balancer.runtime.mute = Everyone()
    balancer.runtime.away.arm(after=2 + 2 + 600 // 10)
    with pytest.raises((EngineUnavailable, StartFailed)):
        balancer.fleet.add(TWO)
    assert balancer.replicas == ("S1", "S2", "S3")
    balancer.runtime.away.clear()
    balancer.steps(2)
    assert balancer.is_sound()


def test_a_volume_that_is_full_for_a_while_leaves_no_trace_of_an_addition(balancer: InMemoryBalancer) -> None:
    """Neither the new servers nor the undoing can be saved."""
    balancer.store.full.arm(after=1)
    with pytest.raises(StateUnavailable):
        balancer.fleet.add(TWO)
    assert balancer.replicas == ("S1", "S2", "S3")
    balancer.store.full.clear()
    balancer.steps(2)
    assert balancer.is_sound()
    assert balancer.fleet.add(TWO) == ("S1", "S2", "S3", "S4", "S5")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (FleetChange(1, ("S1",)), "hostnames: S1 already exists"),
        (FleetChange(1, ("s1",)), "hostnames: s1 already exists"),
        (FleetChange(1, ("ringmaster-edge",)), "is the name of a part of the deployment itself"),
        (FleetChange(62), "n: 62 is too many: max_servers is 64 and there are 3"),
        (FleetChange(10**100), "is too many: max_servers is 64 and there are 3"),
    ],
)
def test_a_change_that_cannot_be_is_refused_before_anything_happens(
    balancer: InMemoryBalancer, change: FleetChange, reason: str
) -> None:
    before = balancer.whole_state()
    with pytest.raises(InvalidRequest, match=reason):
        balancer.fleet.add(change)
    assert balancer.whole_state() == before


def test_the_cap_can_be_reached_and_not_passed() -> None:
    balancer = InMemoryBalancer(max_servers=5).started()
    assert len(balancer.fleet.add(FleetChange(2))) == 5
    with pytest.raises(RingFull, match="max_servers is 5 and there are 5"):
        balancer.fleet.add(FleetChange(1))


def test_servers_that_are_down_count_under_the_cap() -> None:
    balancer = InMemoryBalancer(max_servers=3).started()
    balancer.runtime.broken = Everyone()
    balancer.runtime.vanish("S1")
    balancer.step()
    with pytest.raises(RingFull, match="max_servers is 3 and there are 3"):
        balancer.fleet.add(FleetChange(1))


def test_the_57th_server_of_the_course_ring_is_refused_with_the_rings_own_limit() -> None:
    balancer = InMemoryBalancer(ring={"strategy": "course"}).started()
    assert len(balancer.fleet.add(FleetChange(53))) == 56
    with pytest.raises(RingFull, match="the ring holds at most 56 servers and has 56"):
        balancer.fleet.add(FleetChange(1))
    assert balancer.is_sound()


def test_a_fleet_of_none_can_grow_again() -> None:
    balancer = InMemoryBalancer(initial=()).started()
    assert balancer.replicas == ()
    assert balancer.fleet.add(FleetChange(1, ("S1",))) == ("S1",)
    assert balancer.is_sound()
