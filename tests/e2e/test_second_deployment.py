"""A second deployment beside the first: switched from one data plane to the other by another apply, then destroyed."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from loadtests import smoke
from tests.deployment import Deployment
from tests.e2e.conftest import only_haproxy
from tests.e2e.keyed import KEYED, Place, keys, served
from tests.e2e.under_load import load
from tests.system import Standing, System

pytestmark = [pytest.mark.docker, pytest.mark.terraform, only_haproxy]

KEYED_RING = {"strategy": "ring", "request_hash": "xxh64", "key": KEYED}


@dataclass(frozen=True, slots=True)
class Seen:
    """`profile` is the ring's; `places`: where keyed requests went."""

    standing: Standing
    profile: dict[str, object]
    places: dict[str, Place]


def see(second: Deployment) -> Seen:
    return Seen(second.standing, second.ring().document["profile"], served(second, keys(500)))


def test_a_fresh_fleet_is_switched_to_the_other_plane_and_destroyed_and_the_first_deployment_stays(
    system: System,
) -> None:
    with Deployment(ring={"strategy": "course"}) as second:
        has_the_handouts_shares(second)
        keeps_fleet_profile_and_keys_in_the_other_plane(second)
        goes_without_the_other(second, system)


def has_the_handouts_shares(second: Deployment) -> None:
    assert second.replicas == ["S1", "S2", "S3"]
    shares = smoke.expected_shares(second.slot_map, second.fleet.profile.request_hash)
    assert shares == pytest.approx({"S1": 0.84375, "S2": 0.04688, "S3": 0.10938}, abs=1e-4)


def keeps_fleet_profile_and_keys_in_the_other_plane(second: Deployment) -> None:
    assert second.put_ring(KEYED_RING).status == 200
    before = see(second)
    second.apply(data_plane="flask")
    after = see(second)
    assert after.standing == before.standing
    assert second.settings.data_plane == "flask"
    assert second.containers.of("edge") == []
    assert second.plan() == ""
    assert KEYED_RING.items() <= after.profile.items()
    assert after.profile == before.profile
    assert after.places == before.places
    assert {place.server for place in after.places.values()} == set(after.standing.replicas)


def goes_without_the_other(second: Deployment, other: System) -> None:
    before, belongings = other.standing, other.containers.belongings
    with load(other) as traffic:
        second.destroy()
    assert traffic.failed == 0, str(traffic)
    assert second.containers.belongings == {}
    assert other.standing == before
    assert other.containers.belongings == belongings
    assert other.is_ready
