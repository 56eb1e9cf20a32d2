"""A deploy: the servers get a new container one after another, and whatever goes wrong leaves the old fleet."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace

import pytest

from balancer.core import roll as roll_core
from balancer.core.deploy import Stage
from balancer.core.errors import Busy, EngineUnavailable, InvalidRequest, PlaneUnavailable, StateUnavailable
from balancer.core.event import EventKind
from balancer.core.fleet_change import FleetChange
from balancer.core.lifecycle import State
from balancer.core.routes import Routes
from tests.fakes.runtime import Everyone
from tests.in_flight import in_flight
from tests.unit.balancer.in_memory import InMemoryBalancer
from tests.unit.balancer.rolling import NEW, OLD, carry_on, made_of, roll, watch

NEWER = replace(OLD, image="app:2")


@pytest.fixture
def balancer() -> InMemoryBalancer:
    """Three servers of the release OLD."""
    return InMemoryBalancer(release=OLD).started()


def stage(balancer: InMemoryBalancer) -> tuple[Stage, str]:
    deploy = balancer.desired.fleet.deploy
    assert deploy is not None
    return deploy.stage, deploy.reason


def images(balancer: InMemoryBalancer) -> set[str]:
    """Of the containers that serve."""
    return {release.image for release in made_of(balancer).values()}


def placed(balancer: InMemoryBalancer) -> tuple[object, ...]:
    """What no deploy may change, well or not."""
    fleet = balancer.desired.fleet
    servers = sorted((server.hostname, server.ring_id, server.weight, server.ramp) for server in fleet.servers)
    slots = [balancer.plane.answer(slot).partition(".")[0] for slot in range(fleet.table.slots)]
    return fleet.table.digest(), fleet.target, fleet.version, servers, slots, fleet.replicas


# What a roll is.


@pytest.mark.parametrize(("surge", "batch"), [(1, 1), (2, 1), (2, 2), (3, 2), (9, 9)])
def test_a_roll_replaces_every_server_and_moves_no_slot(surge: int, batch: int) -> None:
    balancer = InMemoryBalancer(initial=("S1", "S2", "S3", "S4", "S5"), release=OLD, surge=surge, batch=batch).started()
    balancer.ring.weigh("S2", 3)
    before, seen = placed(balancer), watch(balancer)
    containers = balancer.runtime.observe()
    roll(balancer)
    assert stage(balancer) == (Stage.DONE, "")
    assert placed(balancer) == before
    assert made_of(balancer) == dict.fromkeys(("S1", "S2", "S3", "S4", "S5"), NEWER)
    assert not containers.keys() & balancer.runtime.observe().keys()
    assert balancer.runtime.names == {"S1", "S2", "S3", "S4", "S5"}
    assert balancer.is_sound()
    assert all(hostnames == {"S1", "S2", "S3", "S4", "S5"} for hostnames in seen.hostnames)
    assert seen.containers == 5 + min(surge, 5)
    assert max(seen.switched) == min(batch, surge, 5)
    assert sum(seen.switched) == 5


def test_the_old_container_leaves_only_when_the_new_one_is_ready_and_its_requests_have_ended(
    balancer: InMemoryBalancer,
) -> None:
    balancer.rollout.begin(NEW)
    in_flight_at_the_stop: list[int] = []
    stop = balancer.runtime.stop

    def look_and_stop(instance: str) -> None:
        in_flight_at_the_stop.append(in_flight(balancer.plane, instance))
        assert f"{instance}.2" in {
            backend.instance for backend in balancer.plane.routes.backends if not backend.draining
        }
        stop(instance)

    balancer.runtime.stop = look_and_stop  # type: ignore[method-assign]
    with balancer.plane.request("S1"):
        began = balancer.clock.now()
        balancer.rollout.carry_out_surge()
        assert balancer.clock.now() - began >= 20
    carry_on(balancer)
    assert in_flight_at_the_stop == [1, 0, 0]
    assert [event.server for event in balancer.events.since(0).events if event.kind is EventKind.CUT] == ["S1"]
    assert balancer.is_sound()


def test_each_container_is_asked_by_its_own_release(balancer: InMemoryBalancer) -> None:
    """Another port, protocol and heartbeat path: neither the old ones nor the new ones are silent for a moment."""
    new = {"port": 8080, "protocol": "h2c", "heartbeat_path": "/up", "heartbeat_timeout": 2}
    balancer.rollout.begin(new)
    silent: list[object] = []

    def look() -> None:
        balancer.beat()
        silent.extend(balancer.heartbeats.silent)

    carry_on(balancer, between=look)
    assert stage(balancer) == (Stage.DONE, "")
    assert silent == []
    assert {server.address.partition(":")[2] for server in balancer.desired.fleet.servers} == {"8080"}
    assert {backend.protocol for backend in balancer.plane.routes.backends} == {"h2c"}
    assert balancer.is_sound()


def test_while_the_old_container_drains_nobody_else_retires_it(balancer: InMemoryBalancer) -> None:
    stop, stopped = balancer.runtime.stop, []

    def look_and_stop(instance: str) -> None:
        stopped.append(instance)
        balancer.reconciler.step()
        stop(instance)

    balancer.runtime.stop = look_and_stop  # type: ignore[method-assign]
    roll(balancer)
    assert stopped == ["S1", "S2", "S3"]
    assert balancer.is_sound()


def test_a_deploy_waits_for_a_server_that_is_still_being_started_of_the_old_release(balancer: InMemoryBalancer) -> None:
    balancer.rollout.begin(NEW)
    balancer.desired.change(lambda fleet: fleet.begin_join(["S9"]))
    with balancer.workers.claims.hold(["S9"]):
        for _ in range(5):
            balancer.rollout.carry_out_surge()
            balancer.reconciler.step()
        assert images(balancer) == {"app:2"}
        assert stage(balancer)[0] is Stage.ROLLING
    balancer.step()
    carry_on(balancer)
    assert stage(balancer)[0] is Stage.DONE
    assert balancer.is_sound()


def test_a_deploy_is_saved_before_it_is_answered_and_told_from_server_to_server(balancer: InMemoryBalancer) -> None:
    answered = balancer.rollout.begin(NEW)
    assert answered == balancer.store.saved
    assert answered.deploy is not None
    assert answered.deploy.release == replace(NEWER, number=2)
    assert answered.release.named_anew() == OLD
    carry_on(balancer)
    told = [event for event in balancer.events.since(0).events if event.kind is EventKind.DEPLOY]
    assert [(event.server, event.facts.get("stage"), event.facts.get("left")) for event in told] == [
        ("", "pulling", None),
        ("", "rolling", None),
        ("S1", None, 2),
        ("S2", None, 1),
        ("S3", None, 0),
        ("", "done", None),
    ]


def test_new_servers_are_made_of_the_new_release_only_when_all_are(balancer: InMemoryBalancer) -> None:
    balancer.rollout.begin(NEW)
    balancer.rollout.carry_out_surge()
    balancer.fleet.add(FleetChange(1, ("S4",)))
    assert balancer.runtime.release("S4").named_anew() == OLD
    carry_on(balancer)
    balancer.fleet.add(FleetChange(1, ("S5",)))
    assert made_of(balancer) == dict.fromkeys(("S1", "S2", "S3", "S4", "S5"), NEWER)
    assert balancer.is_sound()


def test_missing_fields_stay_and_an_environment_is_replaced_whole(balancer: InMemoryBalancer) -> None:
    roll(balancer, {"environment": {"LEVEL": "2"}, "cpus": 0.5})
    expected = replace(OLD, environment={"LEVEL": "2"}, cpus=0.5)
    assert made_of(balancer) == dict.fromkeys(("S1", "S2", "S3"), expected)
    roll(balancer, {"memory": ""})
    assert made_of(balancer) == dict.fromkeys(("S1", "S2", "S3"), replace(expected, memory=""))
    assert balancer.is_sound()


def test_one_roll_after_another(balancer: InMemoryBalancer) -> None:
    before = placed(balancer)
    for number in range(2, 7):
        roll(balancer, {"image": f"app:{number}"})
        assert stage(balancer) == (Stage.DONE, "")
        assert placed(balancer) == before
        assert {server.release for server in balancer.desired.fleet.servers} == {balancer.desired.fleet.release.number}
        assert balancer.is_sound()
    release = balancer.desired.fleet.release
    assert release.named_anew() == replace(OLD, image="app:6", number=release.number)


# Releases that are no good.


def breaks_at_the_start(balancer: InMemoryBalancer) -> None:
    balancer.runtime.broken = {"app:2"}


def ends_at_once(balancer: InMemoryBalancer) -> None:
    balancer.runtime.ending_at_once = {"app:2"}


def never_answers(balancer: InMemoryBalancer) -> None:
    balancer.runtime.mute = {"app:2"}


BAD = {
    breaks_at_the_start: "S1 cannot be started: no such image",
    ends_at_once: "S1.2 ended before it was ready (exited); see the balancer's log",
    never_answers: "S1.2 did not answer http://10.0.0.{}:5000/heartbeat with 200 within 30 s; "
    "last seen: no answer within 0.4 s",
}


@pytest.mark.parametrize(("go_wrong", "why"), BAD.items())
@pytest.mark.parametrize("surge", [1, 3])
def test_a_release_that_does_not_become_ready_leaves_everything_as_it_was(
    go_wrong: Callable[[InMemoryBalancer], None], why: str, surge: int
) -> None:
    balancer = InMemoryBalancer(release=OLD, surge=surge, spares=1).started()
    before, containers, seen = placed(balancer), balancer.runtime.observe(), watch(balancer)
    go_wrong(balancer)
    roll(balancer)
    ended, reason = stage(balancer)
    assert (ended, re.sub(r"10\.0\.0\.\d+", "10.0.0.{}", reason)) == (Stage.ROLLED_BACK, why)
    assert placed(balancer) == before
    assert balancer.runtime.observe() == containers
    assert balancer.desired.fleet.release.named_anew() == OLD
    assert all(hostnames == {"S1", "S2", "S3"} for hostnames in seen.hostnames)
    assert not any(seen.switched)
    assert seen.containers <= 4 + surge
    assert balancer.health.report()["ready"]
    assert balancer.is_sound()


@pytest.mark.parametrize("go_wrong", BAD)
def test_a_release_that_goes_wrong_halfway_is_taken_back_from_those_who_have_it(
    balancer: InMemoryBalancer, go_wrong: Callable[[InMemoryBalancer], None]
) -> None:
    before, seen = placed(balancer), watch(balancer)
    untouched = balancer.runtime.observe()["S3"]
    balancer.rollout.begin(NEW)
    balancer.rollout.carry_out_surge()
    balancer.rollout.carry_out_surge()
    assert made_of(balancer) == {"S1": NEWER, "S2": NEWER, "S3": OLD}
    balancer.step()
    go_wrong(balancer)
    carry_on(balancer)
    assert stage(balancer)[0] is Stage.ROLLED_BACK
    assert "S3" in stage(balancer)[1]
    assert placed(balancer) == before
    assert made_of(balancer) == dict.fromkeys(("S1", "S2", "S3"), OLD)
    assert balancer.runtime.observe()["S3"] == untouched
    assert all(hostnames == {"S1", "S2", "S3"} for hostnames in seen.hostnames)
    assert balancer.is_sound()


def test_a_release_whose_server_fails_as_soon_as_it_serves_is_taken_back(balancer: InMemoryBalancer) -> None:
    digest = balancer.desired.fleet.table.digest()
    balancer.rollout.begin(NEW)
    balancer.rollout.carry_out_surge()
    balancer.runtime.die("S1.2")
    balancer.step()
    assert stage(balancer) == (Stage.ROLLING_BACK, "S1 failed: its container is not running: exited")
    carry_on(balancer)
    assert stage(balancer)[0] is Stage.ROLLED_BACK
    assert images(balancer) == {"app:1"}
    assert balancer.desired.fleet.table.digest() != digest  # S1's place has gone to a server of another ring id.
    assert balancer.is_sound()


def test_a_server_that_fails_later_is_an_accident_and_the_roll_goes_on(balancer: InMemoryBalancer) -> None:
    balancer.rollout.begin(NEW)
    balancer.rollout.carry_out_surge()
    balancer.clock.sleep(60)
    balancer.runtime.die("S1.2")
    balancer.step()
    carry_on(balancer)
    assert stage(balancer)[0] is Stage.DONE
    assert images(balancer) == {"app:2"}
    assert balancer.is_sound()


def during_start(balancer: InMemoryBalancer, instance: str, happen: Callable[[], object]) -> None:
    """It happens while that server is being started."""
    start = balancer.runtime.start

    def happen_and_start(server, release, **_) -> None:  # type: ignore[no-untyped-def]
        if server.instance == instance:
            happen()
        start(server, release)

    balancer.runtime.start = happen_and_start  # type: ignore[method-assign]


def test_a_deploy_that_turns_round_while_the_next_server_starts_switches_no_more(balancer: InMemoryBalancer) -> None:
    def fail() -> None:
        balancer.runtime.die("S1.2")
        balancer.reconciler.step()

    balancer.rollout.begin(NEW)
    balancer.rollout.carry_out_surge()
    during_start(balancer, "S2.2", fail)
    balancer.rollout.carry_out_surge()
    assert stage(balancer)[0] is Stage.ROLLING_BACK
    assert images(balancer) == {"app:1"}
    assert "S2.2" not in balancer.runtime.names
    carry_on(balancer)
    assert stage(balancer)[0] is Stage.ROLLED_BACK
    assert balancer.is_sound()


def test_what_still_fails_of_a_release_that_is_taken_back_already_does_not_stop_the_way_back(
    balancer: InMemoryBalancer,
) -> None:
    def fail() -> None:
        balancer.runtime.die("S1.2")
        balancer.reconciler.step()

    balancer.rollout.begin(NEW)
    balancer.rollout.carry_out_surge()
    during_start(balancer, "S2.2", fail)
    balancer.runtime.broken = {"app:2"}
    balancer.rollout.carry_out_surge()
    assert stage(balancer) == (Stage.ROLLING_BACK, "S1 failed: its container is not running: exited")
    carry_on(balancer)
    assert stage(balancer)[0] is Stage.ROLLED_BACK
    assert balancer.is_sound()


def test_where_the_old_release_does_not_start_again_either_both_serve_on(balancer: InMemoryBalancer) -> None:
    before, seen = placed(balancer), watch(balancer)
    balancer.rollout.begin(NEW)
    balancer.rollout.carry_out_surge()
    balancer.runtime.broken = {"app:1", "app:2"}
    carry_on(balancer)
    assert stage(balancer) == (
        Stage.STUCK,
        "S2 cannot be started: no such image; going back: S1 cannot be started: no such image",
    )
    assert placed(balancer) == before
    assert made_of(balancer) == {"S1": NEWER, "S2": OLD, "S3": OLD}
    assert all(hostnames == {"S1", "S2", "S3"} for hostnames in seen.hostnames)
    assert balancer.is_sound()


def test_out_of_being_stuck_leads_another_deploy(balancer: InMemoryBalancer) -> None:
    test_where_the_old_release_does_not_start_again_either_both_serve_on(balancer)
    before = placed(balancer)
    roll(balancer, {"image": "app:3"})
    assert stage(balancer) == (Stage.DONE, "")
    assert made_of(balancer) == dict.fromkeys(("S1", "S2", "S3"), replace(OLD, image="app:3"))
    assert placed(balancer) == before
    assert balancer.is_sound()


# Callers.


def test_a_user_can_have_the_old_release_again(balancer: InMemoryBalancer) -> None:
    before = placed(balancer)
    balancer.rollout.begin(NEW)
    balancer.rollout.carry_out_surge()
    balancer.rollout.cancel()
    carry_on(balancer)
    assert stage(balancer) == (Stage.ROLLED_BACK, "a user wants the old release again")
    assert made_of(balancer) == dict.fromkeys(("S1", "S2", "S3"), OLD)
    assert placed(balancer) == before
    assert balancer.is_sound()


def test_a_protocol_that_the_plane_does_not_speak_is_refused_and_changes_nothing() -> None:
    balancer = InMemoryBalancer(protocols=("http",))
    balancer.step()
    before = balancer.desired.fleet
    with pytest.raises(InvalidRequest, match=r"^protocol: h2c needs the data plane haproxy and a bufsize of 16384"):
        balancer.rollout.begin({"protocol": "h2c"})
    assert balancer.desired.fleet == before
    balancer.rollout.begin({"protocol": "http", "cpus": 1})


def test_a_second_deploy_is_refused_and_changes_nothing(balancer: InMemoryBalancer) -> None:
    balancer.rollout.begin(NEW)
    balancer.rollout.carry_out_surge()
    before = (balancer.whole_state(), balancer.desired.fleet)
    with pytest.raises(Busy, match="a deploy is running"):
        balancer.rollout.begin({"image": "app:3"})
    assert (balancer.whole_state(), balancer.desired.fleet) == before
    balancer.rollout.cancel()
    with pytest.raises(Busy, match="a deploy is running"):
        balancer.rollout.begin({"image": "app:3"})
    with pytest.raises(Busy, match="no deploy is on its way"):
        balancer.rollout.cancel()
    carry_on(balancer)
    with pytest.raises(Busy, match="no deploy is on its way"):
        balancer.rollout.cancel()


def test_a_bad_document_changes_nothing(balancer: InMemoryBalancer) -> None:
    before = balancer.desired.fleet
    with pytest.raises(InvalidRequest, match="image must be"):
        balancer.rollout.begin({"image": ""})
    assert balancer.desired.fleet is before
    assert not balancer.rollout.carry_out_surge()


def test_an_unknown_field_is_answered_with_all_that_there_are(balancer: InMemoryBalancer) -> None:
    with pytest.raises(InvalidRequest, match=r'"imgae" is not a field here; there is: image, .*, pull$'):
        balancer.rollout.begin({"imgae": "app:2"})


@pytest.mark.parametrize("call", ["begin", "cancel"])
def test_a_deploy_that_cannot_be_saved_is_none(balancer: InMemoryBalancer, call: str) -> None:
    if call == "cancel":
        balancer.rollout.begin(NEW)
    before = balancer.desired.fleet
    balancer.store.full.arm(times=1)
    with pytest.raises(StateUnavailable):
        balancer.rollout.begin(NEW) if call == "begin" else balancer.rollout.cancel()
    assert (balancer.desired.fleet, balancer.store.saved) == (before, before)


def test_other_changes_take_their_turn_between_two_steps(balancer: InMemoryBalancer) -> None:
    ring = {"strategy": "course", "slots": 64}
    changes: list[Callable[[], object]] = [
        lambda: balancer.fleet.add(FleetChange(2, ("S4", "S5"), weight=2)),
        lambda: balancer.ring.switch(ring | {"strategy": "table"}),
        lambda: balancer.fleet.remove(FleetChange(2, ("S1", "S3"))),
        lambda: balancer.ring.weigh("S2", 3),
    ]

    def next_change() -> None:
        if changes:
            changes.pop(0)()

    balancer.rollout.begin(NEW)
    carry_on(balancer, between=next_change)
    assert not changes
    assert stage(balancer)[0] is Stage.DONE
    assert made_of(balancer) == dict.fromkeys(("S2", "S4", "S5"), NEWER)
    assert {server.hostname: server.weight for server in balancer.desired.fleet.servers} == {"S2": 3, "S4": 2, "S5": 2}
    assert balancer.desired.fleet.table.slots == 64
    assert balancer.is_sound()


def test_when_all_servers_are_removed_meanwhile_the_deploy_has_nothing_left_to_do(balancer: InMemoryBalancer) -> None:
    balancer.rollout.begin(NEW)
    balancer.rollout.carry_out_surge()
    balancer.fleet.remove(FleetChange(3))
    carry_on(balancer)
    assert stage(balancer)[0] is Stage.DONE
    balancer.fleet.add(FleetChange(1, ("S9",)))
    assert made_of(balancer) == {"S9": NEWER}
    assert balancer.is_sound()


# Accidents.


@pytest.mark.parametrize("spares", [0, 1])
@pytest.mark.parametrize("name", ["S1", "S3"])
@pytest.mark.parametrize("steps", [0, 1])
def test_a_server_that_fails_during_a_roll_is_replaced_and_all_are_rolled(steps: int, name: str, spares: int) -> None:
    balancer = InMemoryBalancer(release=OLD, spares=spares).started()
    seen = watch(balancer)
    balancer.rollout.begin(NEW)
    for _ in range(steps):
        balancer.rollout.carry_out_surge()
    balancer.clock.sleep(60)
    balancer.runtime.die(next(s.instance for s in balancer.desired.fleet.of(State.SERVING) if s.hostname == name))
    carry_on(balancer)
    assert stage(balancer)[0] is Stage.DONE
    assert images(balancer) == {"app:2"}
    assert len(made_of(balancer)) == 3
    assert min(len(hostnames) for hostnames in seen.hostnames) >= 2 + spares
    assert balancer.is_sound()


@pytest.mark.parametrize("spares", [0, 1])
def test_an_old_server_that_fails_while_its_successor_starts_is_succeeded(spares: int) -> None:
    balancer = InMemoryBalancer(release=OLD, spares=spares).started()

    def fail() -> None:
        balancer.runtime.die("S1")
        balancer.reconciler.step()

    during_start(balancer, "S1.2", fail)
    balancer.rollout.begin(NEW)
    carry_on(balancer)
    assert stage(balancer)[0] is Stage.DONE
    assert images(balancer) == {"app:2"}
    assert len(made_of(balancer)) == 3
    assert balancer.is_sound()


def test_all_servers_failing_during_a_roll_is_survived(balancer: InMemoryBalancer) -> None:
    balancer.rollout.begin(NEW)
    balancer.rollout.carry_out_surge()
    balancer.clock.sleep(60)
    for server in balancer.desired.fleet.servers:
        balancer.runtime.die(server.instance)
    carry_on(balancer)
    assert len(made_of(balancer)) == 3
    assert images(balancer) == {"app:2"}
    assert balancer.is_sound()


@pytest.mark.parametrize("after", range(8))
def test_an_engine_that_is_away_for_a_while_delays_the_roll(balancer: InMemoryBalancer, after: int) -> None:
    before = placed(balancer)
    balancer.rollout.begin(NEW)
    balancer.runtime.away.arm(after=after, times=3)
    steps_until_well(balancer, EngineUnavailable)
    carry_on(balancer)
    assert stage(balancer) == (Stage.DONE, "")
    assert placed(balancer) == before
    assert images(balancer) == {"app:2"}
    assert balancer.is_sound()


@pytest.mark.parametrize("after", range(6))
def test_a_plane_that_is_away_for_a_while_delays_the_roll(balancer: InMemoryBalancer, after: int) -> None:
    before = placed(balancer)
    balancer.rollout.begin(NEW)
    balancer.plane.away.arm(after=after, times=3)
    steps_until_well(balancer, PlaneUnavailable)
    carry_on(balancer)
    assert stage(balancer) == (Stage.DONE, "")
    assert placed(balancer) == before
    assert balancer.is_sound()


@pytest.mark.parametrize("after", range(6))
def test_a_volume_that_is_full_for_a_while_delays_the_roll(balancer: InMemoryBalancer, after: int) -> None:
    before = placed(balancer)
    balancer.rollout.begin(NEW)
    balancer.store.full.arm(after=after, times=3)
    steps_until_well(balancer, StateUnavailable)
    carry_on(balancer)
    assert stage(balancer) == (Stage.DONE, "")
    assert placed(balancer) == before
    assert balancer.is_sound()


@pytest.mark.parametrize("after", range(12))
def test_a_volume_that_fills_up_while_a_roll_goes_back_delays_its_end_and_loses_nothing(
    balancer: InMemoryBalancer, after: int
) -> None:
    """At each of the roll back's saves in turn, the first of which is the turning round itself; and once more."""
    before = placed(balancer)
    balancer.rollout.begin(NEW)
    balancer.rollout.carry_out_surge()
    balancer.rollout.carry_out_surge()
    first, *_ = (server.instance for server in balancer.desired.fleet.servers if server.rolled)
    balancer.store.full.arm(after=after)
    balancer.runtime.die(first)
    steps_until_well(balancer, StateUnavailable)
    assert balancer.store.saved == balancer.desired.fleet
    balancer.store.full.arm(after=1, times=2)
    balancer.step()  # before the roll's, which would end a roll of which the failure is not known yet
    steps_until_well(balancer, StateUnavailable)
    balancer.clock.sleep(60)
    carry_on(balancer)
    assert stage(balancer)[0] is Stage.ROLLED_BACK
    assert f"{first.partition('.')[0]} failed" in stage(balancer)[1]
    assert made_of(balancer) == dict.fromkeys(balancer.replicas, OLD)
    assert len(balancer.replicas) == 3
    assert placed(balancer)[1] == before[1]
    assert balancer.is_sound()


def test_a_deploy_does_not_end_before_a_failure_of_its_last_server_is_saved(balancer: InMemoryBalancer) -> None:
    balancer.rollout.begin(NEW)
    balancer.rollout.carry_out_surge()
    while roll_core.outdated(balancer.desired.fleet):
        balancer.rollout.carry_out_surge()
    last, *_ = (server.instance for server in balancer.desired.fleet.servers if server.rolled)
    balancer.runtime.die(last)
    balancer.store.full.arm()
    balancer.step()
    balancer.store.full.clear()
    balancer.rollout.carry_out_surge()
    assert stage(balancer)[0] is Stage.ROLLING
    balancer.step()
    balancer.clock.sleep(60)
    carry_on(balancer)
    assert stage(balancer)[0] is Stage.ROLLED_BACK
    assert made_of(balancer) == dict.fromkeys(balancer.replicas, OLD)


def steps_until_well(balancer: InMemoryBalancer, error: type[Exception]) -> None:
    """Steps of the roll and the reconciler, as the loops take them, through errors of that kind."""
    for _ in range(8):
        with suppress(error):
            balancer.rollout.carry_out_surge()
        balancer.step()


# Special fleets.


def test_a_deploy_of_an_empty_fleet_is_what_the_next_server_is_made_of(balancer: InMemoryBalancer) -> None:
    balancer.fleet.remove(FleetChange(3))
    roll(balancer)
    assert not balancer.rollout.is_running
    balancer.fleet.add(FleetChange(1, ("S9",)))
    assert made_of(balancer) == {"S9": NEWER}
    assert balancer.is_sound()


def test_a_deploy_of_spares_only_replaces_them() -> None:
    balancer = InMemoryBalancer(initial=(), release=OLD, spares=2).started()
    roll(balancer)
    spares = balancer.desired.fleet.instances(State.SPARE)
    assert [balancer.runtime.release(spare).image for spare in spares] == ["app:2", "app:2"]
    assert balancer.is_sound()


def test_out_of_a_release_that_does_not_start_any_more_leads_a_deploy(balancer: InMemoryBalancer) -> None:
    balancer.runtime.broken = {"app:1"}
    for name in balancer.replicas:
        balancer.runtime.die(name)
    for _ in range(6):
        balancer.clock.sleep(5)
        balancer.step()
    assert not balancer.replicas
    roll(balancer)
    balancer.steps(3)
    assert stage(balancer)[0] is Stage.DONE
    assert made_of(balancer) == dict.fromkeys(balancer.replicas, NEWER)
    assert len(balancer.replicas) == 3
    assert balancer.is_sound()


def test_spares_of_the_old_release_are_dismissed_and_the_pool_is_refilled() -> None:
    balancer = InMemoryBalancer(release=OLD, spares=2).started()
    old = set(balancer.desired.fleet.instances(State.SPARE))
    balancer.rollout.begin(NEW)
    balancer.rollout.carry_out_surge()
    balancer.step()
    assert set(balancer.desired.fleet.instances(State.SPARE)) == old
    carry_on(balancer)
    new = set(balancer.desired.fleet.instances(State.SPARE))
    assert not new & old
    assert {balancer.runtime.release(spare).image for spare in new} == {"app:2"}
    assert balancer.is_sound()


def test_another_release_in_the_settings_rolls_by_itself(balancer: InMemoryBalancer) -> None:
    before = placed(balancer)
    again = balancer.restarted(release=NEWER)
    again.steps(2)
    carry_on(again)
    assert stage(again) == (Stage.DONE, "")
    assert placed(again) == before
    assert made_of(again) == dict.fromkeys(("S1", "S2", "S3"), NEWER)
    assert again.is_sound()


def test_what_users_deployed_outlives_a_restart_with_the_same_settings(balancer: InMemoryBalancer) -> None:
    roll(balancer)
    again = balancer.restarted()
    again.steps(3)
    assert not again.rollout.is_running
    assert made_of(again) == dict.fromkeys(("S1", "S2", "S3"), NEWER)
    assert again.is_sound()


def test_settings_whose_release_was_taken_back_do_not_try_it_again(balancer: InMemoryBalancer) -> None:
    balancer.runtime.broken = {"app:2"}
    again = balancer.restarted(release=NEWER)
    again.steps(2)
    carry_on(again)
    assert stage(again)[0] is Stage.ROLLED_BACK
    third = again.restarted()
    third.steps(3)
    assert not third.rollout.is_running
    assert made_of(third) == dict.fromkeys(("S1", "S2", "S3"), OLD)
    assert third.is_sound()


def test_settings_replace_a_deploy_that_is_running(balancer: InMemoryBalancer) -> None:
    before = placed(balancer)
    balancer.rollout.begin(NEW)
    balancer.rollout.carry_out_surge()
    again = balancer.restarted(release=replace(OLD, image="app:3"))
    again.steps(2)
    carry_on(again)
    assert stage(again)[0] is Stage.DONE
    assert made_of(again) == dict.fromkeys(("S1", "S2", "S3"), replace(OLD, image="app:3"))
    assert placed(again) == before
    assert again.is_sound()


def test_where_the_settings_replace_a_deploy_and_fail_all_go_back_to_the_release_before_both(
    balancer: InMemoryBalancer,
) -> None:
    before = placed(balancer)
    balancer.rollout.begin(NEW)
    balancer.rollout.carry_out_surge()
    balancer.runtime.broken = {"app:3"}
    again = balancer.restarted(release=replace(OLD, image="app:3"))
    again.steps(2)
    carry_on(again)
    assert stage(again)[0] is Stage.ROLLED_BACK
    assert made_of(again) == dict.fromkeys(("S1", "S2", "S3"), OLD)
    assert placed(again) == before
    assert again.is_sound()


def test_where_the_settings_replace_a_deploy_and_have_no_image_all_go_back_to_the_release_before_both(
    balancer: InMemoryBalancer,
) -> None:
    before = placed(balancer)
    balancer.rollout.begin(NEW)
    balancer.rollout.carry_out_surge()
    balancer.images.broken = {"app:3"}
    again = balancer.restarted(release=replace(OLD, image="app:3"))
    again.steps(2)
    carry_on(again)
    assert stage(again) == (Stage.ROLLED_BACK, "app:3 cannot be pulled: no space left on device")
    assert made_of(again) == dict.fromkeys(("S1", "S2", "S3"), OLD)
    assert placed(again) == before
    assert again.is_sound()


def test_settings_mend_a_first_fleet_that_does_not_start() -> None:
    balancer = InMemoryBalancer(release=OLD)
    balancer.runtime.broken = {"app:1"}
    balancer.steps(3)
    again = balancer.restarted(release=NEWER)
    again.clock.sleep(60)
    again.steps(3)
    assert not again.rollout.is_running
    assert made_of(again) == dict.fromkeys(("S1", "S2", "S3"), NEWER)
    assert again.is_sound()


def test_a_deploy_waits_while_the_plane_is_away(balancer: InMemoryBalancer) -> None:
    """No container is started that could not take over."""
    balancer.rollout.begin(NEW)
    balancer.plane.away.arm()
    for _ in range(20):
        with suppress(PlaneUnavailable):
            balancer.rollout.round()
        balancer.clock.sleep(1)
    assert balancer.runtime.names == {"S1", "S2", "S3"}
    assert balancer.runtime.killed == []
    balancer.plane.away.clear()
    balancer.clock.sleep(60)
    carry_on(balancer)
    assert stage(balancer) == (Stage.DONE, "")
    assert images(balancer) == {NEW["image"]}


def test_a_deploy_whose_containers_cannot_take_over_tries_ever_more_seldom(balancer: InMemoryBalancer) -> None:
    balancer.rollout.begin(NEW)

    def refuse(_: Routes) -> None:
        raise PlaneUnavailable("the edge refuses")

    balancer.plane.apply = refuse  # type: ignore[method-assign]
    tries = 0
    for _ in range(600):
        try:
            balancer.rollout.round()
        except PlaneUnavailable:
            tries += 1
        balancer.clock.sleep(0.1)
    assert tries == 3 + 5  # three without a pause, then after 1, 2, 4, 8 and 16 seconds


def test_before_the_first_servers_serve_there_is_no_deploy() -> None:
    balancer = InMemoryBalancer(release=OLD)
    with pytest.raises(Busy, match="still taking up its fleet"):
        balancer.rollout.begin(NEW)
    balancer.runtime.broken = Everyone()
    balancer.step()
    with pytest.raises(Busy, match="first servers are still starting"):
        balancer.rollout.begin(NEW)
    assert not balancer.rollout.carry_out_surge()


def test_what_is_left_of_an_attempt_goes_before_the_next_one_begins(balancer: InMemoryBalancer) -> None:
    """Else the removal would hit the new container, which has the same name."""
    balancer.rollout.begin(NEW)
    balancer.plane.away.arm(after=1, times=1)
    balancer.runtime.kill = away_once(balancer.runtime.kill)  # type: ignore[method-assign]
    with pytest.raises(PlaneUnavailable):
        balancer.rollout.carry_out_surge()
    assert "S1.2" in balancer.runtime.names
    with balancer.workers.claims.hold(["S1.2"]):
        assert not balancer.rollout.carry_out_surge()
        assert "S1.2" in balancer.runtime.names
    carry_on(balancer)
    assert stage(balancer) == (Stage.DONE, "")
    assert balancer.is_sound()


def test_what_is_fenced_is_claimed_before_a_deploy_can_begin_it_anew(balancer: InMemoryBalancer) -> None:
    balancer.runtime.occupy("S1.2", ring_id=1)
    balancer.rollout.begin(NEW)
    take, is_free = balancer.workers.run, []

    def is_lock_free() -> bool:
        got = balancer.desired.lock.acquire(blocking=False)
        if got:
            balancer.desired.lock.release()
        return got

    def look_and_take(names: Collection[str], work: Callable[[], None]) -> None:
        with ThreadPoolExecutor(1) as another:
            is_free.append(another.submit(is_lock_free).result())
        take(names, work)

    balancer.workers.run = look_and_take  # type: ignore[method-assign]
    balancer.step()
    assert is_free == [False]
    carry_on(balancer)
    assert balancer.is_sound()


def away_once(call: Callable[[str, str], None]) -> Callable[[str, str], None]:
    calls: list[str] = []

    def called(instance: str, container: str) -> None:
        calls.append(instance)
        if len(calls) == 1:
            raise EngineUnavailable("the engine does not answer")
        call(instance, container)

    return called


def test_a_release_never_gets_a_number_twice(balancer: InMemoryBalancer) -> None:
    numbers = [1]
    for image, is_good in [("a", False), ("b", True), ("c", False), ("d", False), ("e", True)]:
        balancer.runtime.broken = () if is_good else {image}
        fleet = balancer.rollout.begin({"image": image})
        assert fleet.deploy is not None
        numbers.append(fleet.deploy.release.number)
        carry_on(balancer)
    assert numbers == sorted(set(numbers))
    assert images(balancer) == {"e"}
    assert balancer.is_sound()


def test_a_server_that_warms_up_goes_on_with_it_during_a_roll() -> None:
    balancer = InMemoryBalancer(release=OLD, slow_start=150).started()
    balancer.fleet.add(FleetChange(1, ("S4",)))
    balancer.step()

    def warm_up() -> None:
        balancer.clock.sleep(20)
        balancer.reconciler.step()

    for name in ("S3.2", "S4.2"):
        during_start(balancer, name, warm_up)
    balancer.rollout.begin(NEW)
    ramps = []
    while balancer.rollout.is_running:
        balancer.rollout.carry_out_surge()
        balancer.step()
        ramps.append(
            next(server.ramp for server in balancer.desired.fleet.of(State.SERVING) if server.hostname == "S4")
        )
    assert ramps == sorted(ramps)
    assert ramps[-1] >= 1 + 15 * 40 // 150
    assert stage(balancer) == (Stage.DONE, "")
    balancer.clock.sleep(150)
    balancer.step()
    assert balancer.plane.routes.slots.count("S4.2") == 128
    assert balancer.is_sound()


def test_what_an_attempt_left_in_the_fleet_goes_before_the_next_one_begins(balancer: InMemoryBalancer) -> None:
    """The disk was full when it should have been forgotten: no container is begun twice."""
    balancer.rollout.begin(NEW)
    balancer.plane.away.arm(after=1, times=1)
    kill = balancer.runtime.kill

    def kill_and_fill_the_disk(instance: str, container: str = "") -> None:
        kill(instance, container)
        balancer.store.full.arm(times=1)

    balancer.runtime.kill = kill_and_fill_the_disk  # type: ignore[method-assign]
    with pytest.raises((PlaneUnavailable, StateUnavailable)):
        balancer.rollout.carry_out_surge()
    balancer.runtime.kill = kill  # type: ignore[method-assign]
    assert balancer.desired.fleet.instances(State.JOINING) == ("S1.2",)
    before = balancer.desired.fleet
    assert not balancer.rollout.carry_out_surge()
    assert balancer.desired.fleet == before
    assert "S1.2" not in balancer.runtime.names
    balancer.step()
    carry_on(balancer)
    assert stage(balancer) == (Stage.DONE, "")
    assert balancer.is_sound()


def test_a_server_that_is_being_removed_is_left_to_whoever_removes_it(balancer: InMemoryBalancer) -> None:
    """A takeover retires the containers whose places it took, and waits for no other's requests."""
    balancer.rollout.begin(NEW)
    balancer.desired.change_and_publish(lambda fleet: fleet.begin_leave(["S3"]))
    with balancer.workers.claims.hold(["S3"]), balancer.plane.request("S3"):
        began = balancer.clock.now()
        balancer.rollout.carry_out_surge()
        assert balancer.clock.now() - began < 5
        assert balancer.runtime.stopped == ["S1"]
        assert balancer.desired.fleet.instances(State.LEAVING) == ("S3",)
        assert "S3" in balancer.workers.claims.instances
    carry_on(balancer)
    assert balancer.replicas == ("S1", "S2")
    assert balancer.is_sound()
