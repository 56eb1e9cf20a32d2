"""Slow start: a newcomer takes its slots step by step, and nobody else gets one."""

from __future__ import annotations

from balancer.core.fleet import WARM
from balancer.core.fleet_change import FleetChange
from balancer.core.strategies.strategy import table_of
from tests.unit.balancer.in_memory import InMemoryBalancer

SECONDS = 150


def slow(**settings: object) -> InMemoryBalancer:
    return InMemoryBalancer(slow_start=SECONDS, **settings).started()  # type: ignore[arg-type]


def slots(balancer: InMemoryBalancer, name: str) -> int:
    return balancer.plane.routes.slots.count(name)


def ramp(balancer: InMemoryBalancer, name: str) -> int:
    return balancer.desired.fleet.server(name).ramp


def test_the_first_fleet_bears_its_whole_weight_at_once() -> None:
    assert [server.ramp for server in slow().desired.fleet.servers] == [WARM] * 3


def test_without_slow_start_a_newcomer_has_its_whole_share_at_once(balancer: InMemoryBalancer) -> None:
    balancer.fleet.add(FleetChange(1, ("S4",)))
    assert (slots(balancer, "S4"), ramp(balancer, "S4")) == (128, WARM)


def test_a_newcomer_begins_with_a_sixteenth_and_ends_with_its_share() -> None:
    balancer = slow()
    balancer.fleet.add(FleetChange(1, ("S4",)))
    assert slots(balancer, "S4") == 512 // (3 * WARM + 1)
    balancer.step()
    for second in range(1, SECONDS + 1):
        balancer.clock.sleep(1)
        before = balancer.plane.routes.slots
        balancer.step()
        moved = {now for was, now in zip(before, balancer.plane.routes.slots, strict=True) if now != was}
        assert moved <= {"S4"}
        assert ramp(balancer, "S4") == 1 + 15 * second // SECONDS
    assert slots(balancer, "S4") == 128
    assert balancer.is_sound()


def test_once_warm_nothing_happens_any_more() -> None:
    balancer = slow()
    balancer.fleet.add(FleetChange(1, ("S4",)))
    balancer.step()
    balancer.clock.sleep(SECONDS)
    balancer.step()
    assert ramp(balancer, "S4") == WARM
    before = balancer.whole_state()
    balancer.clock.sleep(SECONDS)
    balancer.steps(2)
    assert balancer.whole_state() == before


def test_while_none_is_due_nothing_is_prepared() -> None:
    """A look comes twice a second, and a table of a thousand servers costs milliseconds to find again."""
    balancer = slow()
    before = table_of.cache_info()
    balancer.services.slow_start.raise_ramps()
    assert table_of.cache_info() == before


def test_a_replacement_warms_up_too() -> None:
    balancer = slow()
    balancer.ring.weigh("S2", 3)
    balancer.runtime.die("S2")
    balancer.steps(2)
    newcomer = balancer.replicas[-1]
    assert (ramp(balancer, newcomer), balancer.desired.fleet.server(newcomer).weight) == (1, 3)
    assert slots(balancer, newcomer) == round(512 * 3 / (2 * WARM + 3))
    balancer.clock.sleep(SECONDS)
    balancer.step()
    assert slots(balancer, newcomer) in (307, 308)
    assert balancer.is_sound()


def test_a_restart_keeps_the_ramp_and_begins_the_time_again() -> None:
    balancer = slow()
    balancer.fleet.add(FleetChange(1, ("S4",)))
    balancer.step()
    balancer.clock.sleep(SECONDS / 3)
    balancer.step()
    assert ramp(balancer, "S4") == 6
    before = balancer.whole_state()
    again = balancer.restarted()
    again.step()
    assert again.whole_state() == before
    again.clock.sleep(SECONDS / 3)
    again.step()
    assert again.whole_state() == before
    again.clock.sleep(SECONDS / 3)
    again.step()
    assert ramp(again, "S4") == 11
    again.clock.sleep(SECONDS / 3)
    again.step()
    assert (ramp(again, "S4"), slots(again, "S4")) == (WARM, 128)


def test_a_restart_without_slow_start_warms_everybody_at_once() -> None:
    balancer = slow()
    balancer.fleet.add(FleetChange(1, ("S4",)))
    again = balancer.restarted(slow_start=0)
    again.step()
    assert (ramp(again, "S4"), slots(again, "S4")) == (WARM, 128)
    assert again.is_sound()


def test_a_step_that_cannot_be_saved_is_taken_later() -> None:
    balancer = slow()
    balancer.fleet.add(FleetChange(1, ("S4",)))
    balancer.step()
    balancer.clock.sleep(SECONDS)
    balancer.store.full.arm()
    before = balancer.whole_state()
    balancer.step()
    assert balancer.whole_state() == before
    assert "no space left" in balancer.health.report()["ailments"]["state"]
    balancer.store.full.clear()
    balancer.step()
    assert slots(balancer, "S4") == 128
    assert balancer.health.report()["ready"]


def test_the_ramp_can_be_seen() -> None:
    balancer = slow()
    balancer.fleet.add(FleetChange(1, ("S4",)))
    seen = {item.server.hostname: item for item in balancer.ring.ring().servers}
    assert (seen["S4"].server.ramp, seen["S4"].slots) == (1, 10)


def test_a_silence_does_not_begin_the_time_again() -> None:
    balancer = slow()
    balancer.fleet.add(FleetChange(1, ("S4",)))
    balancer.step()
    for _ in range(10):
        balancer.clock.sleep(SECONDS / 10 - 1)
        balancer.runtime.hang("S4")
        balancer.beat()
        balancer.step()
        balancer.clock.sleep(1)
        balancer.runtime.wake("S4")
        balancer.beat(1)
        balancer.step()
    assert ramp(balancer, "S4") == WARM
    assert balancer.is_sound()
