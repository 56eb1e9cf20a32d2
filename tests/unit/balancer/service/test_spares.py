"""Spares: ready servers off the ring, each of which takes the place of one that fails, at once."""

from __future__ import annotations

import pytest

from balancer.core.event import EventKind
from balancer.core.fleet import WARM
from balancer.core.fleet_change import FleetChange
from balancer.core.lifecycle import State
from tests.fakes.runtime import Everyone
from tests.unit.balancer.in_memory import InMemoryBalancer
from tests.unit.balancer.rolling import watch


def with_spares(count: int, **settings: object) -> InMemoryBalancer:
    """Three servers, and the pool is full."""
    balancer = InMemoryBalancer(spares=count, **settings).started()  # type: ignore[arg-type]
    assert balancer.is_sound()
    return balancer


def spares(balancer: InMemoryBalancer) -> tuple[str, ...]:
    return balancer.desired.fleet.instances(State.SPARE)


def weights(balancer: InMemoryBalancer) -> dict[str, int]:
    return {server.hostname: server.weight for server in balancer.desired.fleet.of(State.SERVING)}


@pytest.mark.parametrize("count", [0, 1, 3])
def test_the_pool_is_filled_behind_the_first_fleet(count: int) -> None:
    balancer = with_spares(count)
    assert balancer.replicas == ("S1", "S2", "S3")
    assert len(spares(balancer)) == count
    assert balancer.runtime.names == {"S1", "S2", "S3", *(f"{spare}.spare" for spare in spares(balancer))}
    assert {backend.instance for backend in balancer.plane.routes.backends} == {"S1", "S2", "S3"}
    told = [event for event in balancer.events.since(0).events if event.kind is EventKind.SPARE]
    assert sorted(event.server for event in told) == sorted(spares(balancer))


def test_a_failed_server_is_replaced_in_the_same_step_with_one_publish_and_one_table() -> None:
    balancer = with_spares(1)
    (spare,) = spares(balancer)
    version, seen = balancer.desired.fleet.version, watch(balancer)
    balancer.runtime.die("S2")
    balancer.reconciler.step()
    assert balancer.replicas == ("S1", "S3", spare)
    assert seen.hostnames[1:] == [{"S1", "S3", spare}]
    assert balancer.desired.fleet.version == version + 1
    assert "" not in balancer.plane.routes.slots
    balancer.settle()


def test_the_survivors_keep_all_their_slots() -> None:
    balancer = with_spares(1)
    (spare,) = spares(balancer)
    before = [balancer.plane.answer(slot) for slot in range(512)]
    balancer.runtime.die("S2")
    balancer.step()
    assert [balancer.plane.answer(slot) for slot in range(512)] == [spare if name == "S2" else name for name in before]


def test_the_pool_is_refilled_behind_and_the_container_gets_its_name() -> None:
    balancer = with_spares(1)
    (spare,) = spares(balancer)
    balancer.runtime.die("S2")
    balancer.steps(3)
    assert balancer.runtime.names == {"S1", "S3", spare, f"{spares(balancer)[0]}.spare"}
    assert spares(balancer) != (spare,)
    assert balancer.is_sound()


def test_what_happened_is_told() -> None:
    balancer = with_spares(1)
    (spare,) = spares(balancer)
    last = balancer.events.last
    balancer.runtime.die("S2")
    balancer.steps(3)
    told = [(event.kind, event.server) for event in balancer.events.since(last).events]
    assert told[:3] == [(EventKind.FAILED, "S2"), (EventKind.PROMOTED, spare), (EventKind.REPLACED, "S2")]
    assert sorted(told[3:]) == sorted([(EventKind.FENCED, "S2"), (EventKind.SPARE, spares(balancer)[0])])


@pytest.mark.parametrize(("count", "failures"), [(1, 2), (1, 3), (2, 2), (2, 3), (4, 3)])
def test_of_several_failures_at_once_as_many_are_replaced_as_there_are_spares(count: int, failures: int) -> None:
    balancer = with_spares(count)
    seen = watch(balancer)
    before = spares(balancer)
    for name in ("S1", "S2", "S3")[:failures]:
        balancer.runtime.die(name)
    balancer.reconciler.step()
    assert len(seen.hostnames[1]) == 3 - failures + min(count, failures)
    assert set(balancer.replicas) & set(before) == set(before[:failures])
    balancer.settle()
    balancer.steps(3)
    assert len(balancer.replicas) == 3
    assert balancer.is_sound()


def dies(balancer: InMemoryBalancer, spare: str) -> None:
    balancer.runtime.die(spare)


def vanishes(balancer: InMemoryBalancer, spare: str) -> None:
    balancer.runtime.vanish(spare)


def hangs(balancer: InMemoryBalancer, spare: str) -> None:
    balancer.find_hung(spare)


fails = pytest.mark.parametrize("fail", [dies, vanishes, hangs])


@fails
def test_a_spare_that_fails_is_replaced_and_nobody_on_the_ring_notices(fail) -> None:  # type: ignore[no-untyped-def]
    balancer = with_spares(2)
    before, seen = spares(balancer), watch(balancer)
    fail(balancer, before[0])
    balancer.steps(3)
    assert before[0] not in spares(balancer)
    assert before[1] in spares(balancer)
    assert len(seen.published) == 1 or set(seen.published) == {seen.published[0]}
    assert balancer.is_sound()


@fails
def test_a_spare_that_fails_together_with_a_server_is_not_promoted(fail) -> None:  # type: ignore[no-untyped-def]
    balancer = with_spares(2)
    first, second = spares(balancer)
    fail(balancer, first)
    balancer.runtime.die("S2")
    balancer.steps(4)
    assert balancer.replicas == ("S1", "S3", second)
    assert first not in balancer.runtime.names
    assert balancer.is_sound()


def test_spares_that_do_not_start_disturb_nobody_and_are_tried_ever_more_seldom() -> None:
    balancer = with_spares(1)
    balancer.runtime.broken = Everyone()
    balancer.runtime.vanish(spares(balancer)[0])
    balancer.steps(20)
    assert balancer.desired.fleet.next_ring_id < 10
    assert balancer.replicas == ("S1", "S2", "S3")
    balancer.runtime.broken = ()
    balancer.clock.sleep(120)
    balancer.steps(3)
    assert balancer.is_sound()


def test_a_spare_that_is_dead_on_promotion_is_followed_by_the_next() -> None:
    """Its death shows only when it serves already."""
    balancer = with_spares(2)
    first, second = spares(balancer)
    balancer.runtime.die("S2")
    balancer.reconciler.step()
    balancer.runtime.die(first)
    balancer.reconciler.step()
    assert balancer.replicas == ("S1", "S3", second)
    balancer.settle()
    balancer.clock.sleep(60)
    balancer.steps(3)
    assert balancer.is_sound()


def test_without_spares_a_replacement_is_started_as_ever() -> None:
    balancer = with_spares(0)
    balancer.runtime.die("S2")
    balancer.reconciler.step()
    assert balancer.replicas == ("S1", "S3")
    balancer.settle()
    assert len(balancer.replicas) == 3
    assert balancer.is_sound()


@pytest.mark.parametrize(("count", "kept"), [(0, 0), (1, 1)])
def test_a_replacement_that_is_not_needed_any_more_is_a_spare_or_goes(count: int, kept: int) -> None:
    balancer = with_spares(count)
    seen = watch(balancer)
    for spare in spares(balancer):
        balancer.runtime.die(spare)
    balancer.runtime.die("S2")
    start = balancer.runtime.start

    def remove_and_start(server, release, **_) -> None:  # type: ignore[no-untyped-def]
        if balancer.desired.fleet.target == 3:
            balancer.fleet.remove(FleetChange(1, ("S1",)))
        start(server, release)

    balancer.runtime.start = remove_and_start  # type: ignore[method-assign]
    balancer.steps(4)
    assert balancer.replicas == ("S3",) or len(balancer.replicas) == 2
    assert len(spares(balancer)) == kept
    assert max(len(hostnames) for hostnames in seen.hostnames[2:]) <= 2
    assert balancer.is_sound()


def test_fewer_spares_in_the_settings_dismiss_the_rest_and_more_start_more() -> None:
    balancer = with_spares(3)
    fewer = balancer.restarted(spares=1)
    fewer.steps(3)
    assert fewer.is_sound()
    assert set(spares(fewer)) < set(spares(balancer))
    more = fewer.restarted(spares=2)
    more.steps(3)
    assert more.is_sound()
    assert set(spares(fewer)) < set(spares(more))


def test_a_restart_keeps_the_spares() -> None:
    balancer = with_spares(2)
    before = balancer.whole_state()
    again = balancer.restarted()
    again.steps(3)
    assert again.whole_state() == before


def test_a_promoted_spare_has_the_weight_of_the_server_it_stands_for() -> None:
    balancer = with_spares(2)
    balancer.ring.weigh("S2", 3)
    balancer.ring.weigh("S3", 0)
    (first, second) = spares(balancer)
    balancer.runtime.die("S2")
    balancer.runtime.die("S3")
    balancer.steps(3)
    assert weights(balancer) == {"S1": 1, first: 3, second: 0}
    assert balancer.is_sound()


def test_a_promoted_spare_starts_slowly() -> None:
    balancer = with_spares(1, slow_start=30)
    balancer.clock.sleep(60)
    balancer.steps(2)
    (spare,) = spares(balancer)
    balancer.runtime.die("S2")
    balancer.step()
    assert {server.hostname: server.ramp for server in balancer.desired.fleet.of(State.SERVING)} == {
        "S1": WARM,
        "S3": WARM,
        spare: 1,
    }
    balancer.clock.sleep(31)
    balancer.step()
    assert balancer.desired.fleet.server(spare).ramp == WARM
    balancer.steps(2)
    assert balancer.is_sound()


def test_users_neither_see_nor_get_a_spare() -> None:
    balancer = with_spares(1)
    (spare,) = spares(balancer)
    assert spare not in balancer.fleet.add(FleetChange(1, ("S4",)))
    assert spare not in balancer.fleet.remove(FleetChange(3))
    balancer.step()
    assert spares(balancer) == (spare,)
    assert balancer.is_sound()
