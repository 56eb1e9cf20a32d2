"""The desired fleet: what each change makes of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from balancer.core.errors import IllegalTransition
from balancer.core.fleet import Fleet, Server
from balancer.core.lifecycle import State
from balancer.core.strategies import Table

TABLE = Table(slots=512)
ADDRESSES = {f"S{number}": f"10.0.0.{number}:5000" for number in range(1, 10)}


def addresses(*names: str) -> dict[str, str]:
    return {name: ADDRESSES[name] for name in names}


def serving(count: int = 3) -> Fleet:
    """A fleet whose first servers all serve."""
    names = [f"S{number}" for number in range(1, count + 1)]
    return Fleet.first(names, 512).fill(addresses(*names), TABLE)


def test_a_new_deployments_fleet_waits_for_its_servers() -> None:
    fleet = Fleet.first(["S1", "S2", "S3"], 512)
    assert fleet.is_first
    assert (fleet.target, fleet.next_ring_id, fleet.replicas) == (3, 4, ())
    assert [server.ring_id for server in fleet.servers] == [1, 2, 3]
    assert not fleet.table.counts()


def test_a_first_fleet_may_be_empty() -> None:
    fleet = Fleet.first([], 512)
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
    assert [(server.name, server.ring_id) for server in fleet.servers[3:]] == [("S5", 4), ("S4", 5)]
    assert (fleet.replicas, fleet.target, fleet.next_ring_id) == (("S1", "S2", "S3"), 3, 6)
    assert fleet.table == serving().table


def test_growing_raises_n_and_gives_the_newcomers_their_slots() -> None:
    fleet = serving().begin_join(["S5", "S4"]).grow(addresses("S5", "S4"), TABLE)
    assert (fleet.replicas, fleet.target) == (("S1", "S2", "S3", "S5", "S4"), 5)
    assert set(fleet.table.counts()) == {1, 2, 3, 4, 5}


def test_the_order_of_joining_is_that_of_becoming_ready() -> None:
    fleet = serving().begin_join(["S4"]).begin_join(["S5"])
    fleet = fleet.fill(addresses("S5"), TABLE).grow(addresses("S4"), TABLE)
    assert fleet.replicas == ("S1", "S2", "S3", "S5", "S4")


def test_an_abandoned_join_leaves_nothing_but_used_ring_ids() -> None:
    fleet = serving().begin_join(["S4"]).abandon(["S4"])
    assert fleet.servers == serving().servers
    assert (fleet.target, fleet.table, fleet.next_ring_id) == (3, serving().table, 5)


def test_a_failed_server_leaves_the_replicas_and_keeps_its_slots() -> None:
    fleet = serving().fail(["S2"])
    assert (fleet.replicas, fleet.named(State.DOWN), fleet.target) == (("S1", "S3"), ("S2",), 3)
    assert fleet.table == serving().table


def test_a_replacement_takes_the_place_of_a_failed_server_and_n_stays() -> None:
    fleet = serving().fail(["S2"]).begin_join(["S7"]).fill(addresses("S7"), TABLE)
    assert (fleet.replicas, fleet.target, fleet.named(State.DOWN)) == (("S1", "S3", "S7"), 3, ())
    assert set(fleet.table.counts()) == {1, 3, 4}


def test_a_replacement_moves_no_slot_of_the_survivors() -> None:
    before = serving()
    after = before.fail(["S2"]).begin_join(["S7"]).fill(addresses("S7"), TABLE)
    for was, now in zip(before.table.owners, after.table.owners, strict=True):
        assert now == (4 if was == 2 else was)


def test_the_first_of_two_replacements_takes_the_place_of_the_server_that_joined_first() -> None:
    fleet = serving().fail(["S3", "S1"]).begin_join(["S7"]).fill(addresses("S7"), TABLE)
    assert (fleet.replicas, fleet.named(State.DOWN)) == (("S2", "S7"), ("S3",))


def test_a_leaving_server_is_off_the_ring_at_once_and_n_is_smaller() -> None:
    fleet = serving().begin_leave(["S1"], TABLE)
    assert (fleet.replicas, fleet.target, fleet.named(State.LEAVING)) == (("S2", "S3"), 2, ("S1",))
    assert set(fleet.table.counts()) == {2, 3}


def test_a_server_that_has_left_is_forgotten() -> None:
    fleet = serving().begin_leave(["S1"], TABLE).stopped(["S1"])
    assert [server.name for server in fleet.servers] == ["S2", "S3"]


def test_the_last_server_can_leave() -> None:
    fleet = serving(1).begin_leave(["S1"], TABLE).stopped(["S1"])
    assert (fleet.servers, fleet.target, fleet.table.counts()) == ((), 0, {})
    assert not fleet.is_first


def test_when_n_falls_below_what_is_left_a_failed_server_is_not_waited_for() -> None:
    fleet = serving().fail(["S2"]).begin_leave(["S1"], TABLE)
    assert (fleet.replicas, fleet.target, fleet.named(State.DOWN)) == (("S3",), 2, ("S2",))
    replaced = fleet.begin_join(["S7"]).fill(addresses("S7"), TABLE)
    assert (replaced.replicas, replaced.named(State.DOWN)) == (("S3", "S7"), ())


def test_a_ring_id_is_never_given_twice() -> None:
    fleet = serving().begin_leave(["S3"], TABLE).stopped(["S3"])
    assert fleet.begin_join(["S3"]).server("S3").ring_id == 4


def test_a_moved_server_has_its_new_address() -> None:
    fleet = serving().moved({"S2": "10.9.9.9:5000"})
    assert fleet.server("S2").address == "10.9.9.9:5000"
    assert fleet.server("S1").address == ADDRESSES["S1"]


@pytest.mark.parametrize(
    "step",
    [
        lambda fleet: fleet.stopped(["S1"]),
        lambda fleet: fleet.abandon(["S3"]),
        lambda fleet: fleet.fail(["S3"]),
        lambda fleet: fleet.begin_leave(["S4"], TABLE),
        lambda fleet: fleet.fill(addresses("S1"), TABLE),
    ],
)
def test_a_step_that_no_life_has_is_an_error(step: Callable[[Fleet], Fleet]) -> None:
    """S1 serves, S3 leaves and S4 joins."""
    fleet = serving().begin_leave(["S3"], TABLE).begin_join(["S4"])
    with pytest.raises(IllegalTransition):
        step(fleet)
