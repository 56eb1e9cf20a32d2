"""Routes: what a fleet means to a data plane."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from balancer.core.fleet import Fleet
from balancer.core.routes import Backend, Routes, routes
from balancer.core.strategies import Table

TABLE = Table(slots=8)


def serving(*names: str) -> Fleet:
    fleet = Fleet.first(names, 8)
    return fleet.fill({server.name: f"10.0.0.{server.ring_id}:5000" for server in fleet.servers}, TABLE)


def test_a_slot_names_the_server_that_owns_it() -> None:
    fleet = serving("S1", "S2")
    assert routes(fleet).slots == tuple(f"S{owner}" for owner in fleet.table.owners)


def test_all_slots_of_an_empty_fleet_are_empty() -> None:
    assert routes(Fleet.empty(8)) == Routes(("",) * 8, ())


def test_a_joining_server_gets_nothing() -> None:
    fleet = serving("S1").begin_join(["S2"])
    assert routes(fleet) == routes(serving("S1"))


def test_slots_of_a_server_that_is_down_walk_on() -> None:
    fleet = serving("S1", "S2", "S3")
    during = routes(fleet.fail(["S2"]))
    assert set(during.slots) == {"S1", "S3"}
    assert [backend.name for backend in during.backends] == ["S1", "S3"]
    for was, now in zip(routes(fleet).slots, during.slots, strict=True):
        assert was in (now, "S2")


def test_when_all_are_down_nobody_answers() -> None:
    assert routes(serving("S1").fail(["S1"])) == Routes(("",) * 8, ())


def test_a_leaving_server_stays_a_backend_without_slots() -> None:
    during = routes(serving("S1", "S2").begin_leave(["S1"], TABLE))
    assert set(during.slots) == {"S2"}
    assert Backend("S1", "10.0.0.1:5000", draining=True) in during.backends


@given(st.lists(st.sampled_from(["S1", "S2"]), min_size=1, max_size=5), st.sampled_from(["a:1", "b:1"]), st.booleans())
def test_a_digest_tells_any_two_routes_apart(slots: list[str], address: str, draining: bool) -> None:
    one = Routes(tuple(slots), (Backend("S1", address, draining=draining),))
    others = [
        Routes((*slots, "S1"), one.backends),
        Routes(one.slots, (Backend("S1", "c:1", draining=draining),)),
        Routes(one.slots, (Backend("S1", address, draining=not draining),)),
        Routes(one.slots, ()),
    ]
    assert one.digest not in {other.digest for other in others}
    assert one.digest == Routes(tuple(slots), (Backend("S1", address, draining=draining),)).digest


def test_a_digest_is_golden() -> None:
    """The edge's map carries it across restarts of the balancer: the same routes, the same digest."""
    assert routes(serving("S1", "S2")).digest == "29fe82a2a9b25a50"
