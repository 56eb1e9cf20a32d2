"""Routes: what a fleet means to a data plane."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from balancer.core.catalogue import Catalogue
from balancer.core.fleet import WARM, Fleet
from balancer.core.hash_seed import HashSeed
from balancer.core.key_source import KeySource
from balancer.core.request_hash import REQUEST_HASHES
from balancer.core.ring_profile import RingProfile
from balancer.core.routes import Backend, Routes, routes
from balancer.core.strategies import Table

PROFILE = RingProfile(strategy=Table(slots=8))


def serving(*names: str) -> Fleet:
    fleet = Fleet.first(names, PROFILE)
    return fleet.fill({server.hostname: f"10.0.0.{server.ring_id}:5000" for server in fleet.servers})


def test_a_slot_names_the_server_that_owns_it() -> None:
    fleet = serving("S1", "S2")
    assert routes(fleet).slots == tuple(f"S{owner}" for owner in fleet.table.owners)


def test_all_slots_of_an_empty_fleet_are_empty() -> None:
    assert routes(Fleet.empty(PROFILE)) == Routes(("",) * 8, ())


def test_a_joining_server_gets_nothing() -> None:
    fleet = serving("S1").begin_join(["S2"])
    assert routes(fleet) == routes(serving("S1"))


def test_slots_of_a_server_that_is_down_walk_on() -> None:
    fleet = serving("S1", "S2", "S3")
    during = routes(fleet.fail(["S2"]))
    assert set(during.slots) == {"S1", "S3"}
    assert [backend.instance for backend in during.backends] == ["S1", "S3"]
    for was, now in zip(routes(fleet).slots, during.slots, strict=True):
        assert was in (now, "S2")


def test_when_all_are_down_nobody_answers() -> None:
    assert routes(serving("S1").fail(["S1"])) == Routes(("",) * 8, ())


def test_a_leaving_server_stays_a_backend_without_slots() -> None:
    during = routes(serving("S1", "S2").begin_leave(["S1"]))
    assert set(during.slots) == {"S2"}
    assert Backend("S1", "10.0.0.1:5000", draining=True, weight=WARM) in during.backends


def test_a_server_of_weight_0_stays_a_backend_without_slots() -> None:
    drained = routes(serving("S1", "S2").weighed("S1", 0))
    assert set(drained.slots) == {"S2"}
    assert Backend("S1", "10.0.0.1:5000", weight=0) in drained.backends


def test_each_server_is_spoken_to_as_its_own_release_says() -> None:
    """While a roll changes the protocol, both are there."""
    fleet = serving("S1", "S2")
    first, second = fleet.servers
    mixed = replace(
        fleet,
        servers=(first, replace(second, release=2)),
        releases=(replace(fleet.release, number=2, protocol="h2c"),),
    )
    assert [backend.protocol for backend in routes(mixed).backends] == ["http", "h2c"]
    assert mixed.heartbeat_of(mixed.servers[1]).protocol == "h2c"


def test_routes_have_the_profile_that_the_fleet_has() -> None:
    catalogue = Catalogue(seed=HashSeed.of("a-secret-of-operators"))
    profile = catalogue.profile({"slots": 8, "request_hash": "sha1", "key": "path", "bound": 1.25})
    route = routes(serving("S1", "S2").switched(profile))
    assert (route.request_hash, route.key) == (profile.request_hash, profile.key)
    assert (route.bound, route.seed) == (profile.bound, profile.seed)


def test_the_slots_of_a_silent_server_walk_on_and_it_finishes_what_it_has() -> None:
    fleet = serving("S1", "S2", "S3")
    before, during = routes(fleet), routes(fleet.silenced(["S1"]))
    assert "S1" not in during.slots
    assert all(now == was for was, now in zip(before.slots, during.slots, strict=True) if was != "S1")
    assert [backend.draining for backend in during.backends if backend.instance == "S1"] == [True]
    assert routes(fleet.silenced(["S1"]).answered(["S1"])) == before


@given(st.lists(st.sampled_from(["S1", "S2"]), min_size=1, max_size=5), st.sampled_from(["a:1", "b:1"]), st.booleans())
def test_a_digest_tells_any_two_routes_apart(slots: list[str], address: str, draining: bool) -> None:
    one = Routes(tuple(slots), (Backend("S1", address, draining=draining),))
    others = [
        Routes((*slots, "S1"), one.backends),
        Routes(one.slots, (Backend("S1", "c:1", draining=draining),)),
        Routes(one.slots, (Backend("S1", address, draining=not draining),)),
        Routes(one.slots, ()),
        replace(one, backends=(replace(one.backends[0], weight=2),)),
        replace(one, backends=(replace(one.backends[0], protocol="h2c"),)),
        replace(one, request_hash=REQUEST_HASHES["md5"]),
        replace(one, key=KeySource("header", "X-User")),
        replace(one, key=KeySource("cookie", "X-User")),
        replace(one, bound=Fraction(5, 4)),
        replace(one, seed=HashSeed.of("a-secret-of-operators")),
        replace(one, seed=HashSeed.of("another-secret-of-operators")),
    ]
    assert len({one.digest, *(other.digest for other in others)}) == 1 + len(others)
    assert one.digest == Routes(tuple(slots), (Backend("S1", address, draining=draining),)).digest


def test_a_digest_is_golden() -> None:
    """The edge's map carries it across restarts of the balancer: the same routes, the same digest."""
    assert routes(serving("S1", "S2")).digest == "3adc8cd7a565da32"
