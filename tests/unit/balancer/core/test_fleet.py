"""The desired fleet: what each change makes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import pytest

from balancer.core.errors import IllegalTransition, InvalidRequest, RingFull
from balancer.core.fleet import WARM, Fleet, Server
from balancer.core.lifecycle import State
from balancer.core.ring_profile import RingProfile
from balancer.core.slot_table import Member
from balancer.core.strategies import Course, Maglev, Table

PROFILE = RingProfile(strategy=Table(slots=512))
COURSE = RingProfile(strategy=Course())
MAGLEV = RingProfile(strategy=Maglev(slots=1024))
ADDRESSES = {f"S{number}": f"10.0.0.{number}:5000" for number in range(1, 10)}


def addresses(*names: str) -> dict[str, str]:
    return {name: ADDRESSES[name] for name in names}


def serving(count: int = 3) -> Fleet:
    """A fleet whose first servers all serve."""
    names = [f"S{number}" for number in range(1, count + 1)]
    return Fleet.first(names, PROFILE).fill(addresses(*names))


def test_a_new_deployments_fleet_waits_for_its_servers() -> None:
    fleet = Fleet.first(["S1", "S2", "S3"], PROFILE)
    assert fleet.is_first
    assert (fleet.target, fleet.next_ring_id, fleet.replicas) == (3, 4, ())
    assert [server.ring_id for server in fleet.servers] == [1, 2, 3]
    assert not fleet.table.counts()


def test_a_first_fleet_may_be_empty() -> None:
    fleet = Fleet.first([], PROFILE)
    assert not fleet.is_first
    assert (fleet.target, fleet.replicas) == (0, ())


def test_the_first_fleet_serves_when_all_of_it_is_ready() -> None:
    fleet = serving()
    assert not fleet.is_first
    assert fleet.replicas == ("S1", "S2", "S3")
    assert fleet.server("S2") == Server("S2", 2, State.SERVING, ADDRESSES["S2"])
    assert set(fleet.table.counts()) == {1, 2, 3}


def test_joining_servers_get_the_next_ring_ids_and_no_slot() -> None:
    fleet = serving().begin_join(["S5", "S4"])
    assert [(server.hostname, server.ring_id) for server in fleet.servers[3:]] == [("S5", 4), ("S4", 5)]
    assert (fleet.replicas, fleet.target, fleet.next_ring_id) == (("S1", "S2", "S3"), 3, 6)
    assert fleet.table == serving().table


def test_growing_raises_n_and_gives_the_newcomers_their_slots() -> None:
    fleet = serving().begin_join(["S5", "S4"]).grow(addresses("S5", "S4"))
    assert (fleet.replicas, fleet.target) == (("S1", "S2", "S3", "S5", "S4"), 5)
    assert set(fleet.table.counts()) == {1, 2, 3, 4, 5}


def test_the_order_of_joining_is_that_of_becoming_ready() -> None:
    fleet = serving().fail(["S2"]).begin_join(["S4"]).begin_join(["S5"])
    fleet = fleet.fill(addresses("S5")).grow(addresses("S4"))
    assert fleet.replicas == ("S1", "S3", "S5", "S4")


def test_an_abandoned_join_leaves_nothing_but_used_ring_ids() -> None:
    fleet = serving().begin_join(["S4"]).abandon(["S4"])
    assert fleet.servers == serving().servers
    assert (fleet.target, fleet.table, fleet.next_ring_id) == (3, serving().table, 5)


def test_a_failed_server_leaves_the_replicas_and_keeps_its_slots() -> None:
    fleet = serving().fail(["S2"])
    assert (fleet.replicas, fleet.instances(State.DOWN), fleet.target) == (("S1", "S3"), ("S2",), 3)
    assert fleet.table == serving().table


def test_a_replacement_takes_the_place_of_a_failed_server_and_n_stays() -> None:
    fleet = serving().fail(["S2"]).begin_join(["S7"]).fill(addresses("S7"))
    assert (fleet.replicas, fleet.target, fleet.instances(State.DOWN)) == (("S1", "S3", "S7"), 3, ())
    assert set(fleet.table.counts()) == {1, 3, 4}


def test_a_replacement_moves_no_slot_of_the_survivors() -> None:
    before = serving()
    after = before.fail(["S2"]).begin_join(["S7"]).fill(addresses("S7"))
    for was, now in zip(before.table.owners, after.table.owners, strict=True):
        assert now == (4 if was == 2 else was)


def test_the_first_of_two_replacements_takes_the_place_of_the_server_that_joined_first() -> None:
    fleet = serving().fail(["S3", "S1"]).begin_join(["S7"]).fill(addresses("S7"))
    assert (fleet.replicas, fleet.instances(State.DOWN)) == (("S2", "S7"), ("S3",))


def test_a_leaving_server_is_off_the_ring_at_once_and_n_is_smaller() -> None:
    fleet = serving().begin_leave(["S1"])
    assert (fleet.replicas, fleet.target, fleet.instances(State.LEAVING)) == (("S2", "S3"), 2, ("S1",))
    assert set(fleet.table.counts()) == {2, 3}


def test_a_server_that_has_left_is_forgotten() -> None:
    fleet = serving().begin_leave(["S1"]).stopped(["S1"])
    assert [server.hostname for server in fleet.servers] == ["S2", "S3"]


def test_the_last_server_can_leave() -> None:
    fleet = serving(1).begin_leave(["S1"]).stopped(["S1"])
    assert (fleet.servers, fleet.target, fleet.table.counts()) == ((), 0, {})
    assert not fleet.is_first


def test_when_n_falls_below_what_is_left_a_failed_server_is_not_waited_for() -> None:
    fleet = serving().fail(["S2"]).begin_leave(["S1"])
    assert (fleet.replicas, fleet.target, fleet.instances(State.DOWN)) == (("S3",), 2, ("S2",))
    replaced = fleet.begin_join(["S7"]).fill(addresses("S7"))
    assert (replaced.replicas, replaced.instances(State.DOWN)) == (("S3", "S7"), ())


def test_a_ring_id_is_never_given_twice() -> None:
    fleet = serving().begin_leave(["S3"]).stopped(["S3"])
    assert fleet.begin_join(["S3"]).server("S3").ring_id == 4


def test_a_moved_server_has_its_new_address() -> None:
    fleet = serving().moved({"S2": "10.9.9.9:5000"})
    assert fleet.server("S2").address == "10.9.9.9:5000"
    assert fleet.server("S1").address == ADDRESSES["S1"]


def test_a_new_server_has_the_weight_and_the_ramp_that_it_was_given() -> None:
    fleet = serving().begin_join(["S4"], weight=3, ramp=2).grow(addresses("S4"))
    assert fleet.server("S4") == Server("S4", 4, State.SERVING, ADDRESSES["S4"], weight=3, ramp=2)
    assert fleet.server("S4").effective_weight == 6
    assert fleet.server("S1").effective_weight == WARM


def test_slots_follow_the_weights() -> None:
    fleet = serving(2).weighed("S2", 3)
    assert fleet.table.counts() == {1: 128, 2: 384}
    assert fleet.members() == [Member(1, WARM), Member(2, 3 * WARM)]


def test_another_weight_moves_slots_only_to_the_server_that_gets_more() -> None:
    before = serving()
    after = before.weighed("S2", 2)
    assert all(now in (was, 2) for was, now in zip(before.table.owners, after.table.owners, strict=True))


def test_a_server_of_weight_0_stays_in_the_fleet_and_owns_nothing() -> None:
    fleet = serving().weighed("S2", 0)
    assert (fleet.replicas, fleet.target) == (("S1", "S2", "S3"), 3)
    assert set(fleet.table.counts()) == {1, 3}
    assert fleet.weighed("S2", 1).table.counts().keys() == {1, 2, 3}


@pytest.mark.parametrize(
    "step",
    [
        lambda fleet: fleet.weighed("S1", 0),
        lambda fleet: fleet.begin_leave(["S1"]),
    ],
)
def test_somebody_has_to_bear_the_requests(step: Callable[[Fleet], Fleet]) -> None:
    with pytest.raises(InvalidRequest, match="weight: one server at least has to keep a weight above 0"):
        step(serving(2).weighed("S2", 0))


def test_a_server_that_warms_up_gets_its_slots_bit_by_bit_and_takes_them_from_all_others() -> None:
    fleet = serving().begin_join(["S4"], ramp=1).grow(addresses("S4"))
    counts = [fleet.table.counts()[4]]
    for ramp in range(2, WARM + 1):
        warmer = fleet.with_ramps({4: ramp})
        assert all(now in (was, 4) for was, now in zip(fleet.table.owners, warmer.table.owners, strict=True))
        fleet = warmer
        counts.append(fleet.table.counts()[4])
    assert (counts[0], counts[-1]) == (10, 128)
    assert counts == sorted(counts)
    assert fleet.server("S4").ramp == WARM


def weights(fleet: Fleet) -> dict[str, int]:
    return {server.hostname: server.weight for server in fleet.of(State.SERVING)}


def test_the_weight_of_a_replacement_is_that_of_the_server_it_stands_for() -> None:
    fleet = serving().weighed("S1", 4).weighed("S3", 2).fail(["S1", "S3"]).begin_join(["S7", "S8"])
    first = fleet.fill(addresses("S7"))
    assert weights(first) == {"S2": 1, "S7": 4}
    assert weights(first.fill(addresses("S8"))) == {"S2": 1, "S7": 4, "S8": 2}
    assert weights(fleet.fill(addresses("S8", "S7"))) == {"S2": 1, "S8": 4, "S7": 2}
    assert weights(fleet.abandon(["S7"]).fill(addresses("S8"))) == {"S2": 1, "S8": 4}


def test_a_replacement_of_a_server_without_weight_has_none() -> None:
    fleet = serving().weighed("S3", 0).fail(["S3"]).begin_join(["S7"]).fill(addresses("S7"))
    assert weights(fleet) == {"S1": 1, "S2": 1, "S7": 0}
    assert set(fleet.table.counts()) == {1, 2}


def test_an_addition_inherits_nothing() -> None:
    fleet = serving().weighed("S1", 4).fail(["S1"]).begin_join(["S7"], weight=3).grow(addresses("S7"))
    assert weights(fleet) == {"S2": 1, "S3": 1, "S7": 3}
    assert fleet.instances(State.DOWN) == ("S1",)


def test_a_replacement_begins_with_the_ramp_of_its_joining() -> None:
    fleet = serving().fail(["S1"]).begin_join(["S7"])
    assert fleet.fill(addresses("S7"), ramp=2).server("S7").ramp == 2
    assert fleet.fill(addresses("S7")).server("S7").ramp == WARM


def test_the_course_ring_knows_no_weights_and_no_ramps() -> None:
    fleet = serving(2).switched(COURSE)
    with pytest.raises(InvalidRequest, match="weight: the strategy course knows no weights"):
        fleet.weighed("S1", 2)
    with pytest.raises(InvalidRequest, match="weight: the strategy course knows no weights"):
        fleet.begin_join(["S4"], weight=2).grow(addresses("S4"))
    warming = fleet.begin_join(["S4"], ramp=1).grow(addresses("S4"))
    assert warming.table == fleet.begin_join(["S4"]).grow(addresses("S4")).table


def test_a_switch_gives_the_same_servers_another_ring() -> None:
    before = serving()
    after = before.switched(MAGLEV)
    assert (after.profile, after.configured) == (MAGLEV, PROFILE)
    assert after.table == MAGLEV.strategy.place(after.members(), before.table)
    assert (after.servers, after.target) == (before.servers, before.target)


def test_a_switch_to_the_same_profile_changes_nothing() -> None:
    fleet = serving()
    assert fleet.switched(PROFILE) is fleet
    assert fleet.switched(replace(PROFILE)) is fleet


def test_a_switch_that_keeps_m_moves_as_little_as_the_balanced_table_can() -> None:
    fleet = serving().switched(RingProfile(strategy=Maglev(slots=512)))
    assert fleet.table.moved(fleet.switched(PROFILE).table) == 0


def test_a_ring_without_room_for_the_fleet_is_refused_with_the_limit() -> None:
    names = [f"S{number}" for number in range(1, 58)]
    fleet = Fleet.first(names, PROFILE).fill({name: f"{name}:5000" for name in names})
    with pytest.raises(RingFull, match="holds at most 56 servers, not 57"):
        fleet.switched(COURSE)
    fits = fleet.begin_leave(["S57"]).switched(COURSE)
    with pytest.raises(RingFull, match="holds at most 56 servers, not 57"):
        fits.begin_join(["S58"]).grow({"S58": "S58:5000"})


def test_a_profile_switched_at_run_time_outlives_a_restart_with_the_same_settings() -> None:
    switched = serving().switched(MAGLEV)
    assert switched.configured_as(PROFILE) is switched


def test_settings_that_name_another_profile_than_before_are_obeyed() -> None:
    switched = serving().switched(MAGLEV)
    obeying = switched.configured_as(COURSE)
    assert (obeying.profile, obeying.configured) == (COURSE, COURSE)
    assert set(obeying.table.counts()) == {1, 2, 3}


def test_settings_that_name_the_profile_switched_to_are_noted_and_move_nothing() -> None:
    switched = serving().switched(MAGLEV)
    obeying = switched.configured_as(MAGLEV)
    assert (obeying.configured, obeying.table, obeying.version) == (MAGLEV, switched.table, switched.version)


@pytest.mark.parametrize(
    "step",
    [
        lambda fleet: fleet.begin_join(["S4"]).grow(addresses("S4")),
        lambda fleet: fleet.begin_leave(["S3"]),
        lambda fleet: fleet.weighed("S1", 2),
        lambda fleet: fleet.switched(COURSE),
        lambda fleet: fleet.switched(replace(PROFILE, bound=Fraction(2))),
        lambda fleet: fleet.fail(["S2"]).begin_join(["S7"]).fill(addresses("S7")),
    ],
)
def test_the_version_grows_with_every_change_of_table_or_profile(step: Callable[[Fleet], Fleet]) -> None:
    fleet = serving()
    assert step(fleet).version > fleet.version


@pytest.mark.parametrize(
    "step",
    [
        lambda fleet: fleet.fail(["S2"]),
        lambda fleet: fleet.begin_join(["S4"]),
        lambda fleet: fleet.moved({"S1": "10.9.9.9:5000"}),
        lambda fleet: fleet.with_ramps({}),
        lambda fleet: fleet.weighed("S1", 1),
        lambda fleet: fleet.placed(),
    ],
)
def test_the_version_stays_while_table_and_profile_do(step: Callable[[Fleet], Fleet]) -> None:
    fleet = serving()
    assert (step(fleet).version, step(fleet).table) == (fleet.version, fleet.table)


@pytest.mark.parametrize(
    "step",
    [
        lambda fleet: fleet.stopped(["S1"]),
        lambda fleet: fleet.abandon(["S3"]),
        lambda fleet: fleet.fail(["S3"]),
        lambda fleet: fleet.begin_leave(["S4"]),
        lambda fleet: fleet.fill(addresses("S1")),
    ],
)
def test_a_step_that_no_life_has_is_an_error(step: Callable[[Fleet], Fleet]) -> None:
    """S1 serves, S3 leaves and S4 joins."""
    fleet = serving().begin_leave(["S3"]).begin_join(["S4"])
    with pytest.raises(IllegalTransition):
        step(fleet)
