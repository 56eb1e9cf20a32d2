"""The preview says what the change itself then does."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from balancer.core.errors import InvalidRequest
from balancer.core.fleet import ON_THE_RING, Fleet
from balancer.core.prediction import Expectation, expectations
from balancer.core.preview import parse_servers, preview
from balancer.core.ring_profile import RingProfile
from balancer.core.strategies import Course, Table
from tests.unit.balancer.core.fleets import PROFILES, fleets, serving

PROFILE = RingProfile(strategy=Table(slots=512))
FLEET = serving(3, PROFILE)
THREE = {"S1": None, "S2": None, "S3": None}


def parts(expected: tuple[Expectation, ...]) -> dict[str, tuple[int, int, int, float]]:
    """hostname → ring id, weight, slots, share."""
    return {
        item.server.hostname: (item.server.ring_id, item.server.weight, item.slots, item.share) for item in expected
    }


def after(fleet: Fleet) -> dict[str, tuple[int, int, int, float]]:
    """What a change has really made of those on the ring."""
    seen = expectations(fleet, fleet.table)
    return parts(tuple(item for item in seen if item.server.state in ON_THE_RING))


def test_nothing_asked_nothing_moved() -> None:
    seen = preview(FLEET, PROFILE, None)
    assert parts(seen.now.servers) == parts(seen.then.servers) == after(FLEET)
    assert (seen.moved.slots, seen.moved.of, seen.moved.share, seen.moved.minimum) == (0, 512, 0, 0)


def test_a_newcomer_is_previewed_as_it_will_join() -> None:
    seen = preview(FLEET, PROFILE, THREE | {"S9": 2})
    joined = FLEET.begin_join(["S9"], weight=2).grow({"S9": "S9:5000"})
    assert parts(seen.now.servers) == after(FLEET)
    assert parts(seen.then.servers) == after(joined)
    assert seen.moved.slots == FLEET.table.moved(joined.table) == 204
    assert seen.moved.share == parts(seen.then.servers)["S9"][3]
    assert seen.moved.minimum == pytest.approx(2 / 5)


def test_newcomers_get_the_ring_ids_that_they_will_get() -> None:
    seen = preview(FLEET, PROFILE, {"S8": None, "S1": None, "S7": None})
    assert {name: ring_id for name, (ring_id, *_) in parts(seen.then.servers).items()} == {"S8": 4, "S1": 1, "S7": 5}


def test_a_removal_is_previewed_as_it_will_be() -> None:
    seen = preview(FLEET, PROFILE, {"S3": None, "S1": None})
    assert parts(seen.then.servers) == after(FLEET.begin_leave(["S2"]))
    assert (seen.moved.slots, seen.moved.share) == (170, parts(seen.now.servers)["S2"][3])


def test_other_weights_are_previewed_as_they_will_be() -> None:
    seen = preview(FLEET, PROFILE, THREE | {"S1": 3})
    assert parts(seen.then.servers) == after(FLEET.weighed("S1", 3))


@settings(max_examples=15)  # each compares the servers of 100 000 keys
@given(fleets(), st.sampled_from(PROFILES))
def test_another_profile_is_previewed_as_it_will_be(fleet: Fleet, profile: RingProfile) -> None:
    seen = preview(fleet, profile, None)
    assert (seen.now.profile, seen.then.profile) == (fleet.profile, profile)
    assert parts(seen.then.servers) == after(fleet.switched(profile))
    assert seen.moved.minimum == 0
    assert (seen.moved.slots is None) == (fleet.profile.slots != profile.slots)
    assert 0 <= seen.moved.share <= 1


def test_servers_that_are_not_on_the_ring_yet_or_any_more_are_not_seen() -> None:
    fleet = FLEET.begin_join(["S4"]).begin_leave(["S2"])
    assert parts(preview(fleet, PROFILE, None).then.servers).keys() == {"S1", "S3"}


def test_one_that_is_down_counts_as_what_it_will_be_again() -> None:
    assert preview(FLEET.fail(["S2"]), PROFILE, THREE).moved.slots == 0


def test_ramps_stay_as_they_are_and_newcomers_are_warm() -> None:
    cold = FLEET.begin_join(["S4"], ramp=1).grow({"S4": "S4:5000"})
    seen = preview(cold, PROFILE, THREE | {"S4": None, "S5": None})
    slots = {name: slots for name, (_, _, slots, _) in parts(seen.then.servers).items()}
    assert (slots["S4"], slots["S5"]) == (8, 126)


@pytest.mark.parametrize(
    ("profile", "servers", "why"),
    [
        (PROFILE, {"S1": 0, "S2": 0}, "one server at least has to keep a weight above 0"),
        (RingProfile(strategy=Course()), {"S1": 1, "S2": 2}, "the strategy course knows no weights"),
        (RingProfile(strategy=Course(slots=16)), {"S1": 1, "S2": 1}, "holds at most 1 servers, not 2"),
    ],
)
def test_what_the_ring_has_no_place_for_is_refused(
    profile: RingProfile, servers: dict[str, int | None], why: str
) -> None:
    with pytest.raises(InvalidRequest, match=why):
        preview(FLEET, profile, servers)


def test_the_fleet_is_not_touched() -> None:
    before = replace(FLEET)
    preview(FLEET, RingProfile(strategy=Course()), {"S7": 1})
    assert before == FLEET


@pytest.mark.parametrize(
    ("servers", "wanted"),
    [([], {}), (["S1", "S9"], {"S1": None, "S9": None}), ({"S1": 0, "S9": 256}, {"S1": 0, "S9": 256})],
)
def test_servers_are_read(servers: object, wanted: dict[str, int | None]) -> None:
    assert parse_servers(servers) == wanted


def test_each_side_has_its_slot_table() -> None:
    seen = preview(FLEET, PROFILE, THREE | {"S9": 2})
    assert seen.now.table == FLEET.table
    assert seen.now.table.moved(seen.then.table) == seen.moved.slots
