"""Removing servers: off the ring, drained, gone."""

from __future__ import annotations

import pytest

from balancer.core.activity import Activity
from balancer.core.errors import EngineUnavailable, InvalidRequest, PlaneUnavailable, StateUnavailable
from balancer.core.fleet_change import FleetChange
from tests.unit.balancer.in_memory import DRAIN_TIMEOUT, HANG_TIMEOUT, InMemoryBalancer


def test_named_servers_leave_and_the_others_stay_in_order(balancer: InMemoryBalancer) -> None:
    assert balancer.fleet.remove(FleetChange(1, ("S2",))) == ("S1", "S3")
    assert balancer.runtime.names == {"S1", "S3"}
    balancer.step()
    assert balancer.is_sound()


def test_the_rest_is_chosen_at_random(balancer: InMemoryBalancer) -> None:
    left = balancer.fleet.remove(FleetChange(2, ("S2",)))
    assert len(left) == 1
    assert left[0] in ("S1", "S3")


def test_a_removed_server_is_stopped_and_not_killed(balancer: InMemoryBalancer) -> None:
    balancer.fleet.remove(FleetChange(1, ("S2",)))
    assert balancer.runtime.stopped == ["S2"]
    assert balancer.runtime.killed == []


def test_all_can_be_removed_and_nothing_is_refilled(balancer: InMemoryBalancer) -> None:
    assert balancer.fleet.remove(FleetChange(3)) == ()
    balancer.steps(3)
    assert balancer.runtime.names == set()
    assert balancer.replicas == ()
    assert balancer.health.report()["ready"]
    assert balancer.is_sound()


def test_nothing_is_refilled_after_a_restart_either(balancer: InMemoryBalancer) -> None:
    balancer.fleet.remove(FleetChange(3))
    again = balancer.restarted()
    again.steps(3)
    assert again.replicas == ()
    assert again.runtime.names == set()


def test_a_server_is_off_the_ring_before_it_is_stopped_and_finishes_what_it_has(balancer: InMemoryBalancer) -> None:
    """The request ends while the server drains: the clock only moves when the drain looks again."""
    seen: list[tuple[set[str], list[str]]] = []

    class Watched:
        """What is in flight on S2: one request that ends after some looks."""

        looks = 0

        def __call__(self) -> dict[str, Activity]:
            self.looks += 1
            seen.append((set(balancer.plane.routes.slots), list(balancer.runtime.stopped)))
            return {"S2": Activity(int(self.looks < 20))}

    balancer.plane.activity = Watched()  # type: ignore[method-assign]
    balancer.fleet.remove(FleetChange(1, ("S2",)))
    assert all(reached == {"S1", "S3"} and not stopped for reached, stopped in seen)
    assert len(seen) > 20
    assert balancer.runtime.stopped == ["S2"]


def test_a_drain_takes_no_longer_than_its_timeout(balancer: InMemoryBalancer) -> None:
    began = balancer.clock.now()
    with balancer.plane.request("S2"):
        balancer.fleet.remove(FleetChange(1, ("S2",)))
    assert DRAIN_TIMEOUT <= balancer.clock.now() - began < DRAIN_TIMEOUT + 1
    assert "S2" not in balancer.runtime.names


@pytest.mark.parametrize("how", ["pause", "freeze"])
def test_a_leaving_server_that_can_never_finish_is_killed_and_not_waited_for(
    balancer: InMemoryBalancer, how: str
) -> None:
    """Its open requests are answered elsewhere then."""

    def looked_at_meanwhile() -> bool:
        balancer.beat()
        balancer.reconciler.step()
        return False

    balancer.clock.sleep = lambda _: looked_at_meanwhile()  # type: ignore[method-assign,assignment]
    getattr(balancer.runtime, how)("S2")
    with balancer.plane.request("S2"):
        balancer.fleet.remove(FleetChange(1, ("S2",)))
    assert (balancer.runtime.killed, balancer.runtime.stopped) == (["S2"], [])
    assert "S2" not in balancer.runtime.names


def test_a_leaving_server_that_hangs_with_a_request_is_killed_after_the_hang_timeout(
    balancer: InMemoryBalancer,
) -> None:
    sleep = balancer.clock.sleep

    def sleep_and_look(seconds: float) -> None:
        sleep(seconds)
        balancer.beat(1)
        balancer.reconciler.step()

    balancer.clock.sleep = sleep_and_look  # type: ignore[method-assign]
    balancer.runtime.hang("S2")
    began = balancer.clock.now()
    with balancer.plane.request("S2"):
        balancer.fleet.remove(FleetChange(1, ("S2",)))
    assert HANG_TIMEOUT <= balancer.clock.now() - began < HANG_TIMEOUT + 1
    assert (balancer.runtime.killed, balancer.runtime.stopped) == (["S2"], [])


def test_an_idle_server_drains_at_once(balancer: InMemoryBalancer) -> None:
    began = balancer.clock.now()
    balancer.fleet.remove(FleetChange(1, ("S2",)))
    assert balancer.clock.now() - began < 1


def test_while_the_plane_cannot_tell_the_drain_waits_its_whole_time(balancer: InMemoryBalancer) -> None:
    balancer.plane.away.arm(after=1)
    began = balancer.clock.now()
    balancer.fleet.remove(FleetChange(1, ("S2",)))
    assert balancer.clock.now() - began >= DRAIN_TIMEOUT


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (FleetChange(1, ("S4",)), "hostnames: S4 does not exist"),
        (FleetChange(1, ("s1",)), "hostnames: s1 does not exist"),
        (FleetChange(2, ("S1", "S4")), "hostnames: S4 does not exist"),
        (FleetChange(4), "n: 4 is too many: there are 3 servers"),
    ],
)
def test_a_change_that_cannot_be_is_refused_before_anything_happens(
    balancer: InMemoryBalancer, change: FleetChange, reason: str
) -> None:
    before = balancer.whole_state()
    with pytest.raises(InvalidRequest, match=reason):
        balancer.fleet.remove(change)
    assert balancer.whole_state() == before


def test_without_the_plane_nothing_is_removed(balancer: InMemoryBalancer) -> None:
    before = balancer.whole_state()
    balancer.plane.away.arm(times=1)
    with pytest.raises(PlaneUnavailable):
        balancer.fleet.remove(FleetChange(1, ("S2",)))
    assert balancer.whole_state() == before


def test_without_the_volume_nothing_is_removed(balancer: InMemoryBalancer) -> None:
    before = balancer.whole_state()
    balancer.store.full.arm(times=1)
    with pytest.raises(StateUnavailable):
        balancer.fleet.remove(FleetChange(1, ("S2",)))
    assert balancer.whole_state() == before


def test_without_the_engine_the_server_is_off_the_ring_and_goes_when_the_engine_is_back(
    balancer: InMemoryBalancer,
) -> None:
    balancer.runtime.away.arm()
    with pytest.raises(EngineUnavailable):
        balancer.fleet.remove(FleetChange(1, ("S2",)))
    assert balancer.replicas == ("S1", "S3")
    balancer.steps(2)
    assert "S2" in balancer.runtime.names
    balancer.runtime.away.clear()
    balancer.steps(2)
    assert balancer.runtime.names == {"S1", "S3"}
    assert balancer.is_sound()


def test_a_volume_that_fills_up_while_a_server_drains_is_told_later(balancer: InMemoryBalancer) -> None:
    balancer.store.full.arm(after=1)
    with pytest.raises(StateUnavailable):
        balancer.fleet.remove(FleetChange(1, ("S2",)))
    balancer.store.full.clear()
    balancer.steps(2)
    assert balancer.replicas == ("S1", "S3")
    assert balancer.is_sound()


def test_a_server_that_is_down_is_no_replica_and_cannot_be_removed(balancer: InMemoryBalancer) -> None:
    balancer.runtime.vanish("S2")
    balancer.step()
    with pytest.raises(InvalidRequest, match="S2 does not exist"):
        balancer.fleet.remove(FleetChange(1, ("S2",)))


def test_removing_while_a_server_is_down_still_ends_at_n(balancer: InMemoryBalancer) -> None:
    balancer.runtime.away.arm()
    balancer.find_hung("S1")
    balancer.step()
    assert balancer.replicas == ("S2", "S3")
    balancer.runtime.away.clear()
    assert balancer.fleet.remove(FleetChange(1, ("S2",))) == ("S3",)
    balancer.steps(3)
    assert len(balancer.replicas) == 2
    assert balancer.is_sound()
