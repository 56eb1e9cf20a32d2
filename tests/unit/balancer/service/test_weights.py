"""Weights: given when a server is added or later, followed by the ring, and inherited by a replacement."""

from __future__ import annotations

from collections import Counter

import pytest

from balancer.core.errors import InvalidRequest, PlaneUnavailable, StartFailed, UnknownServer
from balancer.core.fleet import Server
from balancer.core.fleet_change import FleetChange
from balancer.core.lifecycle import State
from balancer.core.release import Release
from tests.fakes.runtime import Everyone
from tests.unit.balancer.in_memory import InMemoryBalancer


def slots(balancer: InMemoryBalancer) -> dict[str, int]:
    """hostname → how many slots it answers at the plane."""
    return dict(Counter(balancer.plane.routes.slots))


def weights(balancer: InMemoryBalancer) -> list[int]:
    """Of those who serve."""
    return sorted(server.weight for server in balancer.desired.fleet.of(State.SERVING))


def test_added_servers_get_their_weight(balancer: InMemoryBalancer) -> None:
    balancer.fleet.add(FleetChange(2, ("S4", "S5"), weight=2))
    assert [server.weight for server in balancer.desired.fleet.servers] == [1, 1, 1, 2, 2]
    assert slots(balancer)["S4"] in (146, 147)
    assert balancer.is_sound()


def test_a_server_gets_another_weight_and_the_plane_obeys(balancer: InMemoryBalancer) -> None:
    version = balancer.desired.fleet.version
    ring = balancer.ring.weigh("S2", 2)
    assert ring.in_step
    assert ring.fleet.version > version
    assert slots(balancer) == {"S1": 128, "S2": 256, "S3": 128}
    assert {item.server.hostname: item.slots for item in ring.servers} == slots(balancer)
    assert balancer.is_sound()


def test_more_weight_never_loses_a_slot(balancer: InMemoryBalancer) -> None:
    for weight in (2, 3, 7, 256):
        before = balancer.plane.routes.slots
        balancer.ring.weigh("S2", weight)
        assert all(now in (was, "S2") for was, now in zip(before, balancer.plane.routes.slots, strict=True))


def test_a_server_of_weight_0_owns_nothing_and_stays(balancer: InMemoryBalancer) -> None:
    balancer.ring.weigh("S2", 0)
    assert set(slots(balancer)) == {"S1", "S3"}
    assert balancer.replicas == ("S1", "S2", "S3")
    balancer.steps(2)
    assert balancer.is_sound()
    balancer.ring.weigh("S2", 1)
    assert set(slots(balancer)) == {"S1", "S2", "S3"}


def test_the_same_weight_again_changes_nothing(balancer: InMemoryBalancer) -> None:
    balancer.ring.weigh("S2", 5)
    before = balancer.whole_state()
    balancer.plane.apply = None  # type: ignore[method-assign, assignment]  # would be noticed
    balancer.ring.weigh("S2", 5)
    assert balancer.whole_state() == before


def test_nobody_else_takes_a_weight(balancer: InMemoryBalancer) -> None:
    """Neither a server that never was, nor one that is down: its replacement is on its way with its weight."""
    balancer.runtime.broken = Everyone()
    balancer.runtime.vanish("S1")
    balancer.step()
    before = balancer.whole_state()
    for name in ("S1", "S9", "s2", ""):
        with pytest.raises(UnknownServer, match=f'no server named "{name}" serves'):
            balancer.ring.weigh(name, 2)
    assert balancer.whole_state() == before


def test_the_last_weight_above_0_is_kept(balancer: InMemoryBalancer) -> None:
    balancer.ring.weigh("S1", 0)
    balancer.ring.weigh("S2", 0)
    before = balancer.whole_state()
    for change in (lambda: balancer.ring.weigh("S3", 0), lambda: balancer.fleet.remove(FleetChange(1, ("S3",)))):
        with pytest.raises(InvalidRequest, match="one server at least has to keep a weight above 0"):
            change()
    assert balancer.whole_state() == before
    assert balancer.fleet.remove(FleetChange(3)) == ()


def test_a_first_server_of_weight_0_is_not_even_started() -> None:
    balancer = InMemoryBalancer(initial=()).started()
    with pytest.raises(InvalidRequest, match="one server at least has to keep a weight above 0"):
        balancer.fleet.add(FleetChange(1, weight=0))
    assert balancer.runtime.names == set()


def test_without_the_plane_the_weight_stays(balancer: InMemoryBalancer) -> None:
    before = balancer.whole_state()
    balancer.plane.away.arm(times=1)
    with pytest.raises(PlaneUnavailable):
        balancer.ring.weigh("S2", 2)
    assert balancer.whole_state() == before


@pytest.mark.parametrize("initial", [("S1", "S2", "S3"), ("S2",)])
def test_the_course_ring_knows_no_weights(initial: tuple[str, ...]) -> None:
    """Not even for a single server: the next one could not join it."""
    balancer = InMemoryBalancer(ring={"strategy": "course"}, initial=initial).started()
    before = balancer.whole_state()
    with pytest.raises(InvalidRequest, match="weight: the strategy course knows no weights"):
        balancer.ring.weigh("S2", 2)
    assert balancer.whole_state() == before


def test_a_weight_that_the_course_ring_cannot_follow_is_refused_before_anything_starts() -> None:
    balancer = InMemoryBalancer(ring={"strategy": "course"}).started()
    before, next_ring_id = balancer.whole_state(), balancer.desired.fleet.next_ring_id
    balancer.runtime.start = None  # type: ignore[method-assign, assignment]  # would be noticed
    with pytest.raises(InvalidRequest, match="weight: the strategy course knows no weights"):
        balancer.fleet.add(FleetChange(2, ("S4",), weight=2))
    assert balancer.whole_state() == before
    assert balancer.desired.fleet.next_ring_id == next_ring_id
    assert not balancer.workers.claims.instances


def test_a_fleet_of_different_weights_does_not_switch_to_the_course_ring(balancer: InMemoryBalancer) -> None:
    balancer.ring.weigh("S2", 2)
    before = balancer.whole_state()
    with pytest.raises(InvalidRequest, match="weight: the strategy course knows no weights"):
        balancer.ring.switch({"strategy": "course"})
    assert balancer.whole_state() == before


def test_a_replacement_has_the_weight_of_the_server_it_replaces(balancer: InMemoryBalancer) -> None:
    balancer.ring.weigh("S2", 3)
    before = balancer.plane.routes.slots
    balancer.runtime.die("S2")
    balancer.steps(2)
    newcomer = balancer.desired.fleet.servers[-1]
    assert (newcomer.weight, newcomer.ring_id) == (3, 4)
    assert balancer.plane.routes.slots == tuple(newcomer.hostname if name == "S2" else name for name in before)
    assert balancer.is_sound()


def test_several_replacements_have_the_weights_of_those_they_replace(balancer: InMemoryBalancer) -> None:
    for name, weight in {"S1": 2, "S2": 3, "S3": 5}.items():
        balancer.ring.weigh(name, weight)
    for name in balancer.replicas:
        balancer.runtime.die(name)
    balancer.steps(3)
    assert len(balancer.replicas) == 3
    assert weights(balancer) == [2, 3, 5]
    assert balancer.is_sound()


def test_weights_are_inherited_when_the_first_replacement_fails_and_the_second_does_not(
    balancer: InMemoryBalancer,
) -> None:
    """Whoever joins first stands for the server that has been there longest."""
    balancer.ring.weigh("S1", 2)
    balancer.ring.weigh("S2", 3)
    unlucky: list[str] = []
    start = balancer.runtime.start

    def fail_once(server: Server, release: Release, **_: object) -> None:
        if not unlucky:
            unlucky.append(server.hostname)
            raise StartFailed("out of luck")
        start(server, release)

    balancer.runtime.start = fail_once  # type: ignore[method-assign]
    for name in ("S1", "S2"):
        balancer.runtime.die(name)
    balancer.step()
    assert weights(balancer) == [1, 2]
    balancer.clock.sleep(60)
    balancer.steps(2)
    assert weights(balancer) == [1, 2, 3]
    assert unlucky[0] not in balancer.replicas
    assert balancer.is_sound()


def test_an_addition_inherits_nothing_and_keeps_nothing_from_the_replacement(balancer: InMemoryBalancer) -> None:
    balancer.ring.weigh("S1", 2)
    balancer.runtime.broken = Everyone()
    balancer.runtime.die("S1")
    balancer.step()
    balancer.runtime.broken = ()
    assert balancer.fleet.add(FleetChange(1, ("S9",), weight=5)) == ("S2", "S3", "S9")
    assert weights(balancer) == [1, 1, 5]
    balancer.clock.sleep(60)
    balancer.steps(2)
    assert weights(balancer) == [1, 1, 2, 5]
    assert balancer.is_sound()


def test_weights_outlive_the_balancer(balancer: InMemoryBalancer) -> None:
    balancer.ring.weigh("S2", 3)
    before = balancer.whole_state()
    again = balancer.restarted()
    again.steps(3)
    assert again.whole_state() == before
