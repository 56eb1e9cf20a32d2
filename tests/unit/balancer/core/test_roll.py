"""How a fleet goes from one release to another, and back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from balancer.core import roll
from balancer.core.deploy import Stage
from balancer.core.fleet import ON_THE_RING, Fleet
from balancer.core.image import Image
from balancer.core.lifecycle import State
from balancer.core.release import Release
from balancer.core.routes import hostname, routes
from tests.unit.balancer.core.fleets import PROFILES, fleets, serving

NEW = Release(image="app:2")
NEWER = Release(image="app:3")


def begun(fleet: Fleet, release: Release = NEW) -> Fleet:
    return with_image(roll.begun(fleet, release, surge=2, batch=1))


def with_image(fleet: Fleet) -> Fleet:
    """The same, when the image of the deploy is there: the content is called like the image."""
    deploy = fleet.deploy
    return roll.pulled(fleet, deploy.release.of(Image(deploy.release.image))) if deploy else fleet


def fleet_of(count: int = 3) -> Fleet:
    """S1 … S`count`, made of app:1."""
    release = Release(image="app:1")
    return replace(serving(count, PROFILES[0]), release=release, configured_release=release)


def go(fleet: Fleet, count: int = 1) -> Fleet:
    """So many servers more get what the deploy gives them, and their old containers have ended."""
    for server in roll.outdated(fleet)[:count]:
        release = roll.goal(fleet)
        assert release is not None
        (newcomer,) = roll.newcomers([server], release, fleet.generation)
        fleet = roll.taken_over(roll.joining(fleet, [newcomer]), {newcomer.instance: f"new-{newcomer.instance}:5000"})
        fleet = fleet.stopped(fleet.instances(State.LEAVING))
    return fleet


def back(fleet: Fleet, reason: str = "no good") -> Fleet:
    release = roll.goal(fleet)
    assert release is not None
    return roll.going_back(fleet, release.number, reason)


def numbers(fleet: Fleet) -> dict[str, int]:
    return {server.hostname: server.release for server in fleet.servers}


def stage(fleet: Fleet) -> Stage:
    assert fleet.deploy is not None
    return fleet.deploy.stage


# From one release to the next.


def test_a_deploy_begins_with_a_change_and_changes_no_server() -> None:
    before = fleet_of()
    fleet = begun(before)
    assert fleet.deploy is not None
    assert fleet.deploy.release == replace(NEW, number=2, content="app:2")
    assert (fleet.deploy.surge, fleet.deploy.batch, fleet.deploy.stage) == (2, 1, Stage.ROLLING)
    assert replace(fleet, deploy=None, generation=1) == before
    assert roll.goal(fleet) == fleet.deploy.release
    assert roll.outdated(fleet) == before.servers


def test_a_deploy_ends_when_every_server_has_the_release() -> None:
    fleet = go(begun(fleet_of()), 3)
    assert numbers(fleet) == {"S1": 2, "S2": 2, "S3": 2}
    assert not roll.outdated(fleet)
    fleet = roll.ended(fleet)
    assert (fleet.release, stage(fleet), roll.goal(fleet)) == (
        replace(NEW, number=2, content="app:2"),
        Stage.DONE,
        None,
    )
    assert fleet.begin_join(["S9"]).server("S9").release == 2


@pytest.mark.parametrize("change", [roll.ended, lambda fleet: roll.going_back(fleet, 2, "why")])
@pytest.mark.parametrize("deploys", [0, 1])
def test_where_no_deploy_runs_none_ends_or_turns_round(change, deploys: int) -> None:  # type: ignore[no-untyped-def]
    fleet = roll.ended(go(begun(fleet_of()), 3)) if deploys else fleet_of()
    assert change(fleet) is fleet
    assert roll.outdated(fleet) == ()


@given(fleets(), st.lists(st.integers(0, 4), max_size=6))
def test_a_takeover_moves_no_slot_and_keeps_names_ring_ids_weights_and_order(fleet: Fleet, rolled: list[int]) -> None:
    if fleet.profile.strategy.weighted:
        fleet = replace(fleet, servers=tuple(replace(s, weight=s.ring_id, ramp=5) for s in fleet.servers))
    fleet = begun(fleet.placed())
    before, slots = fleet, [hostname(instance) for instance in routes(fleet).slots]
    for count in rolled:
        fleet = go(fleet, count)
        assert (fleet.table, fleet.version, fleet.target) == (before.table, before.version, before.target)
        assert [hostname(instance) for instance in routes(fleet).slots] == slots
        assert [(s.hostname, s.ring_id, s.weight, s.ramp, s.state) for s in fleet.servers] == [
            (s.hostname, s.ring_id, s.weight, s.ramp, s.state) for s in before.servers
        ]
        assert fleet.placed() == fleet
        assert len({server.identity for server in fleet.servers}) == len(fleet.servers)


@given(fleets())
def test_the_old_container_leaves_in_the_same_step_in_which_the_new_one_serves(fleet: Fleet) -> None:
    fleet = begun(fleet)
    release = roll.goal(fleet)
    if release is None or not fleet.replicas:
        return
    newcomers = roll.newcomers(roll.outdated(fleet), release, fleet.generation)
    joining = roll.joining(fleet, newcomers)
    assert routes(joining) == routes(fleet)
    switched = roll.taken_over(joining, {newcomer.instance: "new:5000" for newcomer in newcomers})
    assert switched.replicas == fleet.replicas
    assert switched.instances(State.SERVING) == tuple(newcomer.instance for newcomer in newcomers)
    assert set(switched.instances(State.LEAVING)) == set(fleet.instances(State.SERVING))
    assert {backend.draining for backend in routes(switched).backends if backend.hostname == backend.instance} == {True}


def test_a_server_that_is_down_is_succeeded_by_its_new_container() -> None:
    fleet = begun(fleet_of())
    release = roll.goal(fleet)
    assert release is not None
    (newcomer,) = roll.newcomers([fleet.server("S1")], release, fleet.generation)
    fleet = roll.taken_over(roll.joining(fleet, [newcomer]).fail(["S1"]), {"S1.2": "new:5000"})
    assert [(server.instance, server.state) for server in fleet.servers] == [
        ("S1.2", State.SERVING),
        ("S2", State.SERVING),
        ("S3", State.SERVING),
    ]


@pytest.mark.parametrize("how", ["removed", "replaced"])
def test_a_container_whose_server_is_not_on_the_ring_any_more_has_no_place(how: str) -> None:
    fleet = begun(fleet_of())
    release = roll.goal(fleet)
    assert release is not None
    (newcomer,) = roll.newcomers([fleet.server("S1")], release, fleet.generation)
    fleet = roll.joining(fleet, [newcomer])
    if how == "removed":
        fleet = fleet.begin_leave(["S1"])
    else:
        fleet = fleet.begin_join(["S9"]).fail(["S1"]).fill({"S9": "S9:5000"})
    before = fleet
    fleet = roll.taken_over(fleet, {"S1.2": "new:5000"})
    assert "S1.2" not in fleet.instances(*State)
    assert (fleet.table, fleet.instances(*ON_THE_RING)) == (before.table, before.instances(*ON_THE_RING))


# And back.


def test_on_the_way_back_only_those_who_have_the_new_release_get_another_container() -> None:
    fleet = back(go(begun(fleet_of()), 2))
    assert stage(fleet) is Stage.ROLLING_BACK
    assert [server.instance for server in roll.outdated(fleet)] == ["S1.2", "S2.2"]
    assert roll.goal(fleet) == Release(number=1, image="app:1")
    fleet = roll.ended(go(fleet, 2))
    assert numbers(fleet) == {"S1": 1, "S2": 1, "S3": 1}
    assert [server.instance for server in fleet.servers] == ["S1.3", "S2.3", "S3"]
    assert (stage(fleet), fleet.release) == (Stage.ROLLED_BACK, Release(image="app:1"))
    assert fleet.deploy is not None
    assert fleet.deploy.reason == "no good"


def test_a_deploy_that_fails_before_anybody_switched_has_nothing_to_take_back() -> None:
    before = fleet_of()
    fleet = roll.ended(back(begun(before)))
    assert not roll.outdated(back(begun(before)))
    assert (stage(fleet), replace(fleet, deploy=None, generation=1)) == (Stage.ROLLED_BACK, before)


def test_what_fails_of_the_new_release_on_the_way_back_turns_nothing() -> None:
    fleet = back(go(begun(fleet_of()), 2))
    assert roll.going_back(fleet, 2, "again") is fleet


def test_a_deploy_whose_way_back_fails_is_stuck_and_leads_nowhere_by_itself() -> None:
    fleet = back(back(go(begun(fleet_of()), 2)), "the old one is broken, too")
    assert fleet.deploy is not None
    assert (stage(fleet), roll.goal(fleet), roll.outdated(fleet)) == (Stage.STUCK, None, ())
    assert fleet.deploy.reason == "no good; going back: the old one is broken, too"
    assert roll.ended(fleet) is fleet


def test_out_of_being_stuck_every_server_gets_the_next_release_or_the_old_one() -> None:
    stuck = back(back(go(begun(fleet_of()), 2)))
    forth = roll.ended(go(begun(stuck, NEWER), 3))
    assert set(numbers(forth).values()) == {4}
    again = roll.ended(go(back(go(begun(stuck, NEWER), 1)), 3))
    assert numbers(again) == {"S1": 1, "S2": 1, "S3": 1}
    assert again.release == Release(image="app:1")


@pytest.mark.parametrize(
    ("done", "release", "is_new"), [(False, 2, True), (False, 1, False), (True, 2, False), (True, 3, False)]
)
def test_only_while_it_rolls_a_server_is_new(done: bool, release: int, is_new: bool) -> None:
    fleet = go(begun(fleet_of()), 1)
    server = replace(fleet.server("S1.2"), release=release)
    assert roll.is_new(back(fleet) if done else fleet, server) is is_new
    assert not roll.is_new(fleet_of(), server)


MOVES = {
    "begin": lambda fleet: begun(fleet) if roll.goal(fleet) is None else fleet,
    "configure": lambda fleet: roll.configured(fleet, Release(image=f"c{fleet.release.number}"), surge=1, batch=1),
    "go": go,
    "back": lambda fleet: back(fleet) if roll.goal(fleet) else fleet,
    "end": lambda fleet: fleet if roll.outdated(fleet) else roll.ended(fleet),
    "lose": lambda fleet: fleet.fail(fleet.instances(State.SERVING)[:1]),
    "replace": lambda fleet: fleet.begin_join([f"r{fleet.next_ring_id}"]).fill({f"r{fleet.next_ring_id}": "r:5000"}),
}


@given(st.lists(st.sampled_from(sorted(MOVES)), max_size=40))
def test_whatever_happens_no_two_containers_share_an_identity_and_the_release_tells_what_they_are(
    moves: list[str],
) -> None:
    """`made` is what the container of each identity was made of when it was begun."""
    fleet = fleet_of()
    made = {server.identity: "app:1" for server in fleet.servers}
    for move in moves:
        before, release = fleet, roll.goal(fleet) if move == "go" else fleet.release
        fleet = MOVES[move](fleet)  # type: ignore[no-untyped-call]
        for server in fleet.servers:
            if server.instance not in before.instances(*State):
                assert server.identity not in made
                assert release is not None
                assert server.release == release.number
                made[server.identity] = release.image
            assert fleet.release_of(server).image == made[server.identity]
        assert fleet.target == 3
        assert len(fleet.of(*ON_THE_RING)) >= 3
        if fleet.deploy is not None and fleet.deploy.stage in (Stage.DONE, Stage.ROLLED_BACK) and move == "end":
            assert {made[server.identity] for server in fleet.of(State.SERVING)} <= {fleet.release.image}


# Numbers and what they stand for.


def test_the_same_content_has_the_same_number_whoever_asks_for_it() -> None:
    """So nobody who has it is rolled."""
    stuck = back(back(go(begun(fleet_of()), 2)))
    assert numbers(stuck) == {"S1": 2, "S2": 2, "S3": 1}
    again = begun(stuck)
    assert roll.goal(again) == replace(NEW, number=2, content="app:2")
    assert [server.hostname for server in roll.outdated(again)] == ["S3"]
    assert [server.instance for server in go(again).servers] == ["S1.2", "S2.2", "S3.4"]


def test_after_deploys_that_failed_no_server_is_outdated_without_need() -> None:
    fleet = fleet_of()
    for image in ("app:2", "app:3", "app:2"):
        fleet = go(begun(fleet, Release(image=image)), 1)
        assert [server.hostname for server in roll.outdated(back(fleet))] == ["S1"]
        fleet = roll.ended(go(back(fleet), 1))
        assert set(numbers(fleet).values()) == {1}


def test_a_deploy_of_what_all_servers_have_is_a_restart_under_a_new_number() -> None:
    present = Release(image="app:1", content="app:1")
    fleet = begun(replace(fleet_of(), release=present), present)
    assert len(roll.outdated(fleet)) == 3
    assert roll.goal(fleet) == replace(present, number=2)
    assert set(numbers(roll.ended(go(fleet, 3))).values()) == {2}


def test_a_server_is_asked_as_its_own_release_says() -> None:
    fleet = fleet_of()
    new = replace(NEW, heartbeat_path="/healthz", port=8080)
    fleet = go(begun(fleet, new), 1)
    asked = {server.hostname: fleet.heartbeat_of(server).path for server in fleet.servers}
    assert asked == {"S1": "/healthz", "S2": "/heartbeat", "S3": "/heartbeat"}
    fleet = roll.ended(go(fleet, 2))
    assert {fleet.release_of(server).port for server in fleet.servers} == {8080}


def test_a_release_is_remembered_as_long_as_a_server_is_made_of_it() -> None:
    fleet = begun(begun(go(begun(fleet_of()), 1), NEWER), Release(image="app:4"))
    assert [release.image for release in fleet.releases] == ["app:2"]
    assert fleet.release_of(fleet.server("S1.2")).image == "app:2"
    assert roll.ended(go(fleet, 3)).releases == ()
    leaving = roll.ended(go(begun(fleet_of()), 3).begin_join(["S9"]))
    assert leaving.release_of(leaving.server("S9")).image == "app:1"


# The image of a deploy.


def pulling(fleet: Fleet, **asked: bool) -> Fleet:
    return roll.begun(fleet, Release(image="app:1"), surge=1, batch=1, **asked)


def known(fleet: Fleet, content: str = "old") -> Fleet:
    return replace(fleet, release=fleet.release.of(Image(content)))


def test_a_deploy_that_waits_for_its_image_gives_servers_nothing_yet() -> None:
    fleet = pulling(fleet_of())
    assert stage(fleet) is Stage.PULLING
    assert fleet.deploy is not None
    assert fleet.deploy.is_active
    assert (roll.goal(fleet), roll.outdated(fleet)) == (None, ())
    assert roll.ended(fleet) is fleet
    assert roll.going_back(fleet, 2, "why") is fleet


@pytest.mark.parametrize(
    ("anew", "content", "after"),
    [
        (True, "old", Stage.ROLLING),
        (False, "old", Stage.DONE),
        (True, "new", Stage.ROLLING),
        (False, "new", Stage.ROLLING),
    ],
)
def test_servers_are_rolled_to_another_content_and_to_the_same_one_only_where_that_is_asked_for(
    anew: bool, content: str, after: Stage
) -> None:
    before = known(fleet_of())
    fleet = pulling(before, anew=anew)
    assert fleet.deploy is not None
    fleet = roll.pulled(fleet, fleet.deploy.release.of(Image(content)))
    assert stage(fleet) is after
    assert fleet.release == before.release


@pytest.mark.parametrize("stop", [back, lambda fleet: back(back(fleet)), lambda fleet: fleet])
def test_servers_of_two_releases_are_rolled_whatever_the_content(stop: Callable[[Fleet], Fleet]) -> None:
    mixed = stop(go(begun(known(fleet_of())), 1))
    fleet = pulling(pulling(mixed, anew=False), anew=False)
    assert fleet.deploy is not None
    assert stage(roll.pulled(fleet, fleet.deploy.release.of(Image("old")))) is Stage.ROLLING


def test_an_unknown_content_is_not_the_same_as_another_unknown_one() -> None:
    fleet = pulling(fleet_of(), anew=False)
    assert fleet.deploy is not None
    assert stage(roll.pulled(fleet, fleet.deploy.release)) is Stage.ROLLING


def test_what_was_found_for_a_deploy_that_is_over_or_for_another_one_is_nothing_to_this_one() -> None:
    fleet = pulling(fleet_of())
    assert fleet.deploy is not None
    late = fleet.deploy.release.of(Image("late"))
    cancelled = roll.not_pulled(fleet, 2, "cancelled")
    assert roll.pulled(cancelled, late) is cancelled
    newer = pulling(fleet)
    assert roll.pulled(newer, late) is newer
    assert roll.not_pulled(newer, 2, "late") is newer


def test_a_deploy_without_its_image_has_changed_nothing() -> None:
    before = fleet_of()
    fleet = roll.not_pulled(pulling(before), 2, "no space left on device")
    assert fleet.deploy is not None
    assert (stage(fleet), fleet.deploy.reason) == (Stage.ROLLED_BACK, "no space left on device")
    assert replace(fleet, deploy=None, generation=1) == before


def test_without_servers_the_next_one_is_made_of_the_new_release_as_soon_as_its_image_is_there() -> None:
    fleet = begun(Fleet.empty(PROFILES[0]))
    assert (fleet.release, stage(fleet)) == (replace(NEW, number=2, content="app:2"), Stage.DONE)


def test_the_image_that_is_found_for_the_present_release_becomes_its_own() -> None:
    fleet = fleet_of()
    found = fleet.release.of(Image("found", "app@found"))
    assert roll.made_of(fleet, found).release == found
    assert roll.made_of(fleet, replace(found, number=9)) is fleet
    assert roll.made_of(fleet, replace(found, image="app:9")) is fleet
    other = known(fleet, "other")
    assert roll.made_of(other, found) is other


# What the settings say.


def test_settings_that_name_the_same_release_as_before_change_nothing() -> None:
    fleet = fleet_of()
    assert roll.configured(fleet, Release(number=7, image="app:1"), surge=1, batch=1) is fleet
    deployed = roll.ended(go(begun(fleet), 3))
    assert roll.configured(deployed, Release(image="app:1"), surge=1, batch=1) is deployed


def test_settings_that_name_another_release_begin_a_deploy_once() -> None:
    fleet = roll.configured(fleet_of(), NEW, surge=3, batch=2)
    assert fleet.deploy is not None
    assert (fleet.deploy.release, fleet.deploy.surge, fleet.deploy.batch) == (replace(NEW, number=2), 3, 2)
    assert fleet.configured_release == NEW
    assert roll.configured(fleet, NEW, surge=1, batch=1) is fleet


def test_settings_that_tell_the_image_are_obeyed_when_it_is_another_one() -> None:
    """So a name that is built anew is rolled by the next `make up`, and by no mere restart."""
    told = Release(image="app:1", content="one")
    fleet = with_image(roll.configured(fleet_of(), told, surge=1, batch=1))
    fleet = roll.ended(go(fleet, 3))
    assert roll.configured(fleet, told, surge=1, batch=1) is fleet
    assert roll.configured(fleet, Release(image="app:1"), surge=1, batch=1) is fleet
    other = roll.configured(fleet, replace(told, content="two"), surge=1, batch=1)
    assert other.deploy is not None
    assert (other.deploy.stage, other.deploy.release.content) == (Stage.PULLING, "two")
    assert roll.configured(other, replace(told, content="two"), surge=1, batch=1) is other


def test_settings_replace_a_deploy_that_runs() -> None:
    fleet = with_image(roll.configured(go(begun(fleet_of()), 1), NEWER, surge=1, batch=1))
    assert roll.goal(fleet) == replace(NEWER, number=3, content="app:3")
    assert len(roll.outdated(fleet)) == 3
    assert [server.hostname for server in roll.outdated(back(fleet))] == ["S1"]


def test_where_nobody_serves_yet_the_first_servers_are_made_of_it() -> None:
    fleet = Fleet.first(["S1", "S2"], PROFILES[0])
    after = begun(fleet)
    assert (after.release, after.deploy, after.servers) == (NEW, None, fleet.servers)
    configured = roll.configured(fleet, NEW, surge=1, batch=1)
    assert (configured.release, configured.configured_release, configured.deploy) == (NEW, NEW, None)


@pytest.mark.parametrize(
    ("change", "weight", "ramp"),
    [(lambda fleet: fleet.with_ramps({1: 9}), 1, 9), (lambda fleet: fleet.weighed("S1", 7), 7, 5)],
    ids=["warmed", "weighed"],
)
def test_what_changes_while_the_new_container_starts_is_kept(
    change: Callable[[Fleet], Fleet], weight: int, ramp: int
) -> None:
    """It bears what the old one bears in the moment of taking over: no slot moves."""
    fleet = begun(fleet_of().with_ramps({1: 5}))
    release = roll.goal(fleet)
    assert release is not None
    (newcomer,) = roll.newcomers([fleet.server("S1")], release, fleet.generation)
    before = change(roll.joining(fleet, [newcomer]))
    fleet = roll.taken_over(before, {"S1.2": "new:5000"})
    assert (fleet.server("S1.2").weight, fleet.server("S1.2").ramp) == (weight, ramp)
    assert fleet.placed().table == before.table
