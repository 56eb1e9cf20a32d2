"""A balancer that starts again: it takes up what was saved and what runs, and ends what was half done."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from balancer.core.fleet import Fleet, Server
from balancer.core.fleet_change import FleetChange
from balancer.core.lifecycle import State
from balancer.core.release import Release
from balancer.core.routes import routes
from balancer.core.slot_table import Member, SlotTable
from balancer.core.strategies import Course
from tests.unit.balancer.in_memory import InMemoryBalancer, World
from tests.unit.balancer.rolling import OLD, carry_on, made_of, roll


def saved(balancer: InMemoryBalancer) -> Fleet:
    assert balancer.store.saved is not None
    return balancer.store.saved


def test_a_restart_changes_nothing(balancer: InMemoryBalancer) -> None:
    balancer.fleet.add(FleetChange(2, ("S5", "S4")))
    before = balancer.whole_state()
    again = balancer.restarted()
    again.steps(3)
    assert again.whole_state() == before
    assert again.health.report()["ready"]


def test_what_users_added_and_removed_is_kept(balancer: InMemoryBalancer) -> None:
    balancer.fleet.add(FleetChange(1, ("S9",)))
    balancer.fleet.remove(FleetChange(1, ("S1",)))
    again = balancer.restarted()
    again.steps(2)
    assert again.replicas == ("S2", "S3", "S9")
    assert again.is_sound()


def test_the_initial_names_count_only_for_a_new_deployment(balancer: InMemoryBalancer) -> None:
    again = InMemoryBalancer(balancer.world, initial=("A1", "A2"))
    again.steps(2)
    assert again.replicas == ("S1", "S2", "S3")


def test_an_addition_that_had_only_begun_is_undone(balancer: InMemoryBalancer) -> None:
    balancer.store.save(saved(balancer).begin_join(["S4"]))
    again = balancer.restarted()
    again.steps(2)
    assert again.replicas == ("S1", "S2", "S3")
    assert again.is_sound()


def test_an_addition_whose_container_runs_already_is_undone(balancer: InMemoryBalancer) -> None:
    balancer.store.save(saved(balancer).begin_join(["S4"]))
    balancer.runtime.start(Server("S4", 4, State.JOINING), Release())
    again = balancer.restarted()
    again.steps(2)
    assert again.runtime.names == {"S1", "S2", "S3"}
    assert again.is_sound()


def test_an_addition_that_was_saved_is_finished(balancer: InMemoryBalancer) -> None:
    """The plane does not know of it yet."""
    balancer.runtime.start(Server("S4", 4, State.JOINING), Release())
    address = balancer.runtime.observe()["S4"].address
    balancer.store.save(saved(balancer).begin_join(["S4"]).grow({"S4": address}))
    again = balancer.restarted()
    again.steps(2)
    assert again.replicas == ("S1", "S2", "S3", "S4")
    assert again.is_sound()


def test_a_replacement_that_had_only_begun_is_begun_anew(balancer: InMemoryBalancer) -> None:
    balancer.runtime.vanish("S2")
    balancer.store.save(saved(balancer).fail(["S2"]).begin_join(["kd4r7w"]))
    balancer.runtime.start(Server("kd4r7w", 4, State.JOINING), Release())
    again = balancer.restarted()
    again.steps(3)
    assert len(again.replicas) == 3
    assert "kd4r7w" not in again.runtime.names
    assert again.is_sound()


@pytest.mark.parametrize("gone", [False, True])
def test_a_removal_that_had_begun_is_finished(balancer: InMemoryBalancer, gone: bool) -> None:
    balancer.store.save(saved(balancer).begin_leave(["S2"]))
    if gone:
        balancer.runtime.stop("S2")
    again = balancer.restarted()
    again.steps(3)
    assert again.replicas == ("S1", "S3")
    assert again.runtime.names == {"S1", "S3"}
    assert again.is_sound()


def test_a_server_that_died_meanwhile_is_replaced(balancer: InMemoryBalancer) -> None:
    balancer.runtime.die("S2")
    again = balancer.restarted()
    again.steps(3)
    assert len(again.replicas) == 3
    assert "S2" not in again.replicas
    assert again.is_sound()


def test_an_orphan_is_removed_at_once(balancer: InMemoryBalancer) -> None:
    balancer.runtime.occupy("S9", ring_id=9)
    again = balancer.restarted()
    again.step()
    assert again.runtime.names == {"S1", "S2", "S3"}


def test_a_plane_that_was_restarted_too_obeys_again(balancer: InMemoryBalancer) -> None:
    balancer.plane.restart()
    again = balancer.restarted()
    again.step()
    assert again.plane.routes == routes(balancer.desired.fleet)


def test_a_first_fleet_that_had_begun_goes_on_with_its_names_and_ids() -> None:
    balancer = InMemoryBalancer()
    balancer.runtime.mute = {"S3"}
    balancer.step()
    balancer.runtime.start(Server("S1", 1, State.JOINING), Release())
    again = balancer.restarted()
    again.runtime.mute = ()
    again.steps(3)
    assert [(server.hostname, server.ring_id) for server in again.desired.fleet.servers] == [
        ("S1", 1),
        ("S2", 2),
        ("S3", 3),
    ]
    assert again.is_sound()


def test_another_strategy_places_the_same_servers(balancer: InMemoryBalancer) -> None:
    again = InMemoryBalancer(balancer.world, ring={"strategy": "course"})
    again.steps(2)
    assert again.replicas == ("S1", "S2", "S3")
    assert again.desired.fleet.table == Course().place([Member(1), Member(2), Member(3)], SlotTable.empty(512))
    assert again.is_sound()


def test_damaged_state_is_replaced_by_what_runs(balancer: InMemoryBalancer) -> None:
    balancer.fleet.add(FleetChange(1, ("S9",)))
    balancer.store.damaged = True
    again = balancer.restarted()
    again.steps(3)
    assert again.replicas == ("S1", "S2", "S3", "S9")
    assert [server.ring_id for server in again.desired.fleet.servers] == [1, 2, 3, 4]
    assert again.desired.fleet.next_ring_id == 5
    assert again.health.report()["ready"]
    assert again.is_sound()


def test_lost_state_is_replaced_by_what_runs(balancer: InMemoryBalancer) -> None:
    balancer.store.saved = None
    again = balancer.restarted()
    again.steps(3)
    assert again.replicas == ("S1", "S2", "S3")
    assert again.is_sound()


def test_of_what_runs_after_a_loss_the_dead_are_replaced(balancer: InMemoryBalancer) -> None:
    balancer.store.saved = None
    balancer.runtime.die("S2")
    again = balancer.restarted()
    again.steps(3)
    assert len(again.replicas) == 3
    assert "S2" not in again.runtime.names
    assert again.is_sound()


def test_more_servers_than_max_servers_allows_now_are_all_replaced_when_they_die_at_once() -> None:
    """There are more of them than threads that start servers. The first starts end when all have begun or wait."""
    balancer = InMemoryBalancer(initial=tuple(f"S{number}" for number in range(1, 51)), max_servers=50).started()
    again = balancer.restarted(max_servers=10)
    again.step()
    for name in again.replicas:
        again.runtime.die(name)
    all_wait, start = threading.Event(), again.runtime.start

    def start_late(server: Server, release: Release, **_: object) -> None:
        assert all_wait.wait(10)
        start(server, release)

    again.runtime.start = start_late  # type: ignore[method-assign]
    again.reconciler.step()
    again.reconciler.step()
    all_wait.set()
    again.settle()
    again.step()
    assert len(again.replicas) == 50
    assert not {*again.replicas} & {*balancer.replicas}
    assert again.is_sound()


def test_damaged_state_and_no_engine_is_no_reason_to_start_anything(balancer: InMemoryBalancer) -> None:
    balancer.store.damaged = True
    balancer.runtime.away.arm()
    again = balancer.restarted()
    again.steps(3)
    assert not again.replicas
    assert again.health.report()["ailments"]["engine"] == "the engine does not answer"
    assert len(again.desired.fleet.servers) == 0
    again.runtime.away.clear()
    again.steps(3)
    assert again.replicas == ("S1", "S2", "S3")
    assert again.is_sound()


def test_without_an_engine_the_saved_fleet_goes_on_serving(balancer: InMemoryBalancer) -> None:
    balancer.runtime.away.arm()
    balancer.plane.restart()
    again = balancer.restarted()
    again.step()
    assert again.replicas == ("S1", "S2", "S3")
    assert again.plane.routes == routes(balancer.desired.fleet)


def test_a_fresh_world_makes_a_new_deployment() -> None:
    balancer = InMemoryBalancer(World()).started()
    assert balancer.desired.fleet.instances(State.SERVING) == ("S1", "S2", "S3")


def test_after_a_loss_no_ring_id_of_what_runs_is_given_again_wherever_the_gaps_are(balancer: InMemoryBalancer) -> None:
    balancer.fleet.add(FleetChange(2, ("S4", "S5")))
    balancer.fleet.remove(FleetChange(3, ("S1", "S2", "S4")))
    balancer.store.damaged = True
    again = balancer.restarted()
    again.steps(2)
    assert [server.ring_id for server in again.desired.fleet.servers] == [3, 5]
    again.fleet.add(FleetChange(4))
    assert [server.ring_id for server in again.desired.fleet.servers] == [3, 5, 6, 7, 8, 9]
    assert again.is_sound()


def test_after_a_loss_a_spare_is_a_spare_still() -> None:
    balancer = InMemoryBalancer(spares=1).started()
    (spare,) = balancer.desired.fleet.of(State.SPARE)
    before = balancer.runtime.observe()
    balancer.store.damaged = True
    again = balancer.restarted()
    again.steps(2)
    assert again.desired.fleet.of(State.SPARE) == (spare,)
    assert again.replicas == ("S1", "S2", "S3")
    assert again.runtime.observe() == before
    assert again.is_sound()


def test_after_a_loss_no_release_of_what_runs_has_its_number_given_again() -> None:
    balancer = InMemoryBalancer(release=OLD).started()
    roll(balancer)
    balancer.store.damaged = True
    again = balancer.restarted(release=replace(OLD, image="app:2"))
    again.steps(2)
    assert again.desired.fleet.release.number == 2
    roll(again, {"image": "app:3"})
    assert {server.release for server in again.desired.fleet.servers} == {3}
    assert again.is_sound()


@pytest.mark.parametrize("deploys", [1, 2])
def test_after_a_loss_in_a_roll_the_container_with_the_servers_name_serves(deploys: int) -> None:
    """It has served; whether the newer one is any good nobody knows."""
    balancer = InMemoryBalancer(release=OLD).started()
    for number in range(2, deploys + 1):
        roll(balancer, {"image": f"app:{number}"})
    (settled,) = balancer.desired.fleet.serving(["S1"])
    newcomer = replace(settled, generation=settled.generation + 1, rolled=True, state=State.JOINING)
    balancer.runtime.start(newcomer, replace(OLD, number=newcomer.generation))
    balancer.store.damaged = True
    again = balancer.restarted()
    again.steps(2)
    assert settled.instance in again.desired.fleet.instances(State.SERVING)
    assert newcomer.instance not in again.runtime.observe()
    assert again.is_sound()


def test_after_a_loss_the_newer_of_two_containers_serves_where_none_has_the_servers_name(
    balancer: InMemoryBalancer,
) -> None:
    settled = balancer.desired.fleet.server("S1")
    balancer.runtime.vanish("S1")
    for number in (3, 2):
        newcomer = replace(settled, generation=number, rolled=True, state=State.JOINING)
        balancer.runtime.start(newcomer, Release(number))
    balancer.store.damaged = True
    again = balancer.restarted()
    again.steps(2)
    assert again.desired.fleet.serving(["S1"])[0].instance == "S1.3"
    assert again.is_sound()


def test_after_a_loss_requests_are_routed_even_if_the_engine_answers_only_once(balancer: InMemoryBalancer) -> None:
    balancer.store.damaged = True
    balancer.plane.restart()
    again = balancer.restarted()
    again.runtime.away.arm(after=1)
    again.step()
    assert again.plane.routes == routes(balancer.desired.fleet)


def test_after_a_loss_what_is_of_the_settings_release_is_not_rolled_and_what_is_not_is() -> None:
    """The containers tell it by their digests."""
    balancer = InMemoryBalancer(release=OLD).started()
    balancer.rollout.begin({"image": "app:2", "heartbeat_path": "/healthz"})
    balancer.rollout.carry_out_surge()
    balancer.step()
    untouched = [balancer.runtime.observe()[name] for name in ("S2", "S3")]
    balancer.store.damaged = True
    again = balancer.restarted()
    again.step()
    again.beat()
    again.step()
    assert again.replicas == ("S1", "S2", "S3")
    assert not again.heartbeats.silent
    carry_on(again)
    assert made_of(again) == dict.fromkeys(("S1", "S2", "S3"), OLD)
    assert [again.runtime.observe()[name] for name in ("S2", "S3")] == untouched
    assert again.is_sound()


def test_after_a_loss_nothing_is_rolled_where_all_is_as_the_settings_say(balancer: InMemoryBalancer) -> None:
    before = balancer.runtime.observe()
    balancer.store.damaged = True
    again = balancer.restarted()
    again.steps(2)
    assert not again.rollout.is_running
    assert again.runtime.observe() == before


def test_after_a_loss_no_new_container_has_the_generation_of_one_before(balancer: InMemoryBalancer) -> None:
    """Also where servers went back: their release has a lower number than their generation."""
    balancer.rollout.begin({"image": "app:2"})
    balancer.rollout.carry_out_surge()
    balancer.rollout.cancel()
    carry_on(balancer)
    assert balancer.desired.fleet.instances(State.SERVING) == ("S1.3", "S2", "S3")
    balancer.store.damaged = True
    again = balancer.restarted()
    again.steps(2)
    roll(again, {"image": "app:3"})
    assert again.desired.fleet.instances(State.SERVING) == ("S1.4", "S2.4", "S3.4")
    assert again.is_sound()
