"""A server fails: off the ring at once, its container removed, a fresh one in its place."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from balancer.core.backoff import EARLY
from balancer.core.event import EventKind
from balancer.core.fleet_change import FleetChange
from balancer.core.lifecycle import State
from balancer.core.observed import Observed
from balancer.service.failures import Failures
from tests.fakes.runtime import Everyone
from tests.unit.balancer.in_memory import STRIKES, InMemoryBalancer

Failure = Callable[[InMemoryBalancer], None]


def by_dying(balancer: InMemoryBalancer) -> None:
    balancer.runtime.die("S2")


def by_vanishing(balancer: InMemoryBalancer) -> None:
    balancer.runtime.vanish("S2")


def by_leaving_the_network(balancer: InMemoryBalancer) -> None:
    balancer.runtime.disconnect("S2")


def by_hanging(balancer: InMemoryBalancer) -> None:
    balancer.find_hung("S2")


def by_being_paused(balancer: InMemoryBalancer) -> None:
    balancer.runtime.pause("S2")


def by_a_signal(balancer: InMemoryBalancer) -> None:
    balancer.runtime.freeze("S2")
    balancer.beat()


fails = pytest.mark.parametrize(
    "fail", [by_dying, by_vanishing, by_leaving_the_network, by_hanging, by_being_paused, by_a_signal]
)


@fails
def test_a_failed_server_is_replaced_by_one_with_a_fresh_name(balancer: InMemoryBalancer, fail: Failure) -> None:
    fail(balancer)
    balancer.steps(2)
    assert balancer.replicas[:2] == ("S1", "S3")
    assert re.fullmatch("[a-z0-9]{6}", balancer.replicas[2])
    assert balancer.is_sound()


@fails
def test_a_failed_server_is_off_the_ring_before_its_container_is_removed(
    balancer: InMemoryBalancer, fail: Failure
) -> None:
    fail(balancer)
    reached_at_the_kill: set[str] = set()

    def kill(name: str, container: str = "") -> None:
        reached_at_the_kill.update(balancer.plane.answer(slot) for slot in range(512))
        type(balancer.runtime).kill(balancer.runtime, name, container)

    balancer.runtime.kill = kill  # type: ignore[method-assign]
    balancer.step()
    assert "S2" not in reached_at_the_kill
    assert "S2" not in balancer.runtime.names


def test_a_container_that_came_after_the_observation_is_not_killed(balancer: InMemoryBalancer) -> None:
    """Somebody else has removed the orphan and made another container of that name meanwhile."""
    balancer.runtime.occupy("S9", ring_id=9)
    observe = balancer.runtime.observe

    def observe_and_replace() -> dict[str, Observed]:
        seen = observe()
        balancer.runtime.vanish("S9")
        balancer.runtime.occupy("S9", ring_id=9)
        return seen

    balancer.runtime.observe = observe_and_replace  # type: ignore[method-assign]
    balancer.step()
    assert "S9" in balancer.runtime.names
    balancer.runtime.observe = observe  # type: ignore[method-assign]
    balancer.step()
    assert "S9" not in balancer.runtime.names


def test_a_server_that_is_removed_during_the_observation_is_not_fenced(balancer: InMemoryBalancer) -> None:
    observe = balancer.runtime.observe

    def observe_and_remove() -> dict[str, Observed]:
        seen = observe()
        balancer.fleet.remove(FleetChange(1, ("S2",)))
        return seen

    balancer.runtime.observe = observe_and_remove  # type: ignore[method-assign]
    balancer.step()
    assert balancer.runtime.killed == []
    assert EventKind.FENCED not in [event.kind for event in balancer.events.since(0).events]


def test_a_hung_server_is_killed_and_not_closed_politely(balancer: InMemoryBalancer) -> None:
    by_hanging(balancer)
    balancer.step()
    assert balancer.runtime.killed == ["S2"]
    assert balancer.runtime.stopped == []


def test_a_server_that_somebody_stops_is_off_the_ring_and_may_finish_what_it_has(balancer: InMemoryBalancer) -> None:
    balancer.runtime.stop_by_hand("S2")
    balancer.steps(3)
    assert balancer.replicas[:2] == ("S1", "S3")
    assert len(balancer.replicas) == 3
    assert "S2" in balancer.runtime.names
    balancer.runtime.die("S2")
    balancer.step()
    assert balancer.is_sound()


def test_the_survivors_keep_all_their_slots(balancer: InMemoryBalancer) -> None:
    before = [balancer.plane.answer(slot) for slot in range(512)]
    by_dying(balancer)
    balancer.steps(2)
    newcomer = balancer.replicas[2]
    assert [balancer.plane.answer(slot) for slot in range(512)] == [
        newcomer if name == "S2" else name for name in before
    ]


@pytest.mark.parametrize(
    "ring", [{}, {"strategy": "course"}, {"strategy": "ring"}, {"strategy": "maglev", "slots": 64}]
)
def test_while_a_server_is_down_only_its_slots_walk_on_and_the_table_stays(ring: dict[str, object]) -> None:
    balancer = InMemoryBalancer(ring=ring).started()
    balancer.runtime.broken = Everyone()
    table, before = balancer.desired.fleet.table, balancer.plane.routes.slots
    by_dying(balancer)
    balancer.steps(3)
    assert balancer.desired.fleet.table == table
    after = balancer.plane.routes.slots
    assert all(now == was for was, now in zip(before, after, strict=True) if was != "S2")
    for slot, was in enumerate(before):
        walk = (before[(slot + step) % len(before)] for step in range(len(before)))
        assert was != "S2" or after[slot] == next(name for name in walk if name != "S2")


def test_while_the_replacement_starts_the_survivors_answer_everything(balancer: InMemoryBalancer) -> None:
    balancer.runtime.broken = Everyone()
    by_dying(balancer)
    balancer.steps(3)
    assert {balancer.plane.answer(slot) for slot in range(512)} == {"S1", "S3"}
    assert not balancer.health.report()["ready"]


def test_fewer_strikes_than_the_policy_has_are_forgiven(balancer: InMemoryBalancer) -> None:
    balancer.runtime.hang("S2")
    balancer.beat(STRIKES - 1)
    balancer.runtime.wake("S2")
    balancer.beat(1)
    balancer.runtime.hang("S2")
    balancer.beat(STRIKES - 1)
    balancer.step()
    assert balancer.replicas == ("S1", "S2", "S3")


def test_all_servers_can_fail_at_once(balancer: InMemoryBalancer) -> None:
    for name in balancer.replicas:
        balancer.runtime.die(name)
    balancer.steps(3)
    assert len(balancer.replicas) == 3
    assert not {"S1", "S2", "S3"} & set(balancer.replicas)
    assert balancer.is_sound()


def test_a_failed_server_that_somebody_restarts_is_replaced_and_never_taken_back(balancer: InMemoryBalancer) -> None:
    by_dying(balancer)
    balancer.step()
    balancer.runtime.occupy("S2", ring_id=2)
    balancer.steps(3)
    assert "S2" not in balancer.runtime.names
    assert balancer.is_sound()


def test_a_server_that_is_restarted_before_anybody_looks_is_taken_back(balancer: InMemoryBalancer) -> None:
    address = balancer.runtime.move("S2")
    balancer.step()
    assert balancer.replicas == ("S1", "S2", "S3")
    assert address in {backend.address for backend in balancer.plane.routes.backends}
    assert balancer.is_sound()


def test_an_orphan_of_this_deployment_is_removed(balancer: InMemoryBalancer) -> None:
    balancer.runtime.occupy("S9", ring_id=9)
    balancer.step()
    assert "S9" not in balancer.runtime.names


def test_a_container_of_somebody_else_is_left_alone(balancer: InMemoryBalancer) -> None:
    balancer.runtime.occupy("S9")
    balancer.steps(3)
    assert "S9" in balancer.runtime.names


def test_nothing_happens_while_all_is_well(balancer: InMemoryBalancer) -> None:
    before = balancer.whole_state()
    for _ in range(5):
        balancer.beat()
        balancer.step()
    assert balancer.whole_state() == before
    assert balancer.desired.fleet.next_ring_id == 4


def test_a_server_that_became_ready_while_the_engine_was_asked_is_not_missing(balancer: InMemoryBalancer) -> None:
    """The answer is older than its container."""
    balancer.desired.change(lambda fleet: fleet.begin_join(["S4"]))
    joining = balancer.desired.fleet.server("S4")
    observe = balancer.runtime.observe

    def answer_late() -> dict[str, Observed]:
        answer = observe()
        balancer.runtime.observe = observe  # type: ignore[method-assign]
        balancer.runtime.start(joining, balancer.desired.fleet.release)
        address = observe()["S4"].address
        balancer.desired.change(lambda fleet: fleet.grow({"S4": address}))
        return answer

    balancer.runtime.observe = answer_late  # type: ignore[method-assign]
    with balancer.workers.claims.hold(["S4"]):
        balancer.reconciler.step()
    assert balancer.replicas == ("S1", "S2", "S3", "S4")
    assert not balancer.desired.fleet.of(State.DOWN)
    balancer.step()
    assert balancer.is_sound()


@pytest.mark.parametrize("state", [State.SERVING, State.SILENT])
def test_a_failure_is_unsaved_as_long_as_the_server_is_not_down(balancer: InMemoryBalancer, state: State) -> None:
    failures = Failures(clock=balancer.clock, events=balancer.events)
    fleet = balancer.desired.fleet
    fleet = fleet.silenced(("S2",)) if state is State.SILENT else fleet
    failures.failed(fleet.server("S2"), "it hangs")
    assert failures.are_unsaved(fleet)
    assert not failures.are_unsaved(fleet.fail(("S2",)))


def test_a_server_that_hangs_failed_when_it_gave_its_last_sign_of_life(balancer: InMemoryBalancer) -> None:
    failures = Failures(clock=balancer.clock, events=balancer.events)
    fleet = balancer.desired.fleet
    failures.joined(fleet.servers, fleet)
    ready = balancer.clock.now()
    balancer.clock.sleep(EARLY + 5)
    assert failures.failed(fleet.server("S1"), "it hangs", alive_at=ready + EARLY - 1)
    assert not failures.failed(fleet.server("S2"), "it hangs", alive_at=ready + EARLY)
    assert not failures.failed(fleet.server("S3"), "it exited")
