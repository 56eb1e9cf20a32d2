"""The routes inside the balancer's own process, what is in flight on them, and the keys that were missing."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction

import pytest

from balancer.adapters.flask_plane.plane import FlaskPlane
from balancer.adapters.flask_plane.unreachable import LIMIT
from balancer.core.activity import Activity
from balancer.core.errors import EmptyRing
from balancer.core.key_source import KeySource, Message
from balancer.core.request_hash import REQUEST_HASHES, REQUEST_IDS
from balancer.core.routes import Backend, Routes
from tests.in_flight import in_flight

S1, S2 = Backend("S1", "127.0.0.1:1"), Backend("S2", "127.0.0.1:2")
CRC32, XXH64 = REQUEST_HASHES["crc32"], REQUEST_HASHES["xxh64"]
ROUTES = Routes(("S1", "S1", "S2", "S1"), (S1, S2), CRC32)
KEYED = replace(ROUTES, key=KeySource("header", "X-Key"))
TO_SLOT = [next(i for i in REQUEST_IDS if CRC32.slot(b"%d" % i, 4) == slot) for slot in range(4)]
"""Random ids that lead to the slots 0 … 3."""


@pytest.fixture
def plane() -> FlaskPlane:
    """Its time stands still."""
    plane = FlaskPlane(now=lambda: 0.0)
    plane.apply(ROUTES)
    return plane


def message(key: bytes = b"") -> Message:
    return Message(path=b"/", query=b"", headers={"x-key": key} if key else {}, client=b"192.0.2.7")


def chosen(plane: FlaskPlane, slot: int = 0, *tried: str, key: bytes = b"") -> tuple[str, int, int]:
    """Server, slot and number of the attempt; the random id leads to `slot`."""
    with plane.send(message(key), TO_SLOT[slot], set(tried)) as attempt:
        return attempt.backend.instance, attempt.slot, attempt.number


def test_a_random_id_leads_to_its_slots_server(plane: FlaskPlane) -> None:
    assert [chosen(plane, slot) for slot in range(4)] == [("S1", 0, 1), ("S1", 1, 1), ("S2", 2, 1), ("S1", 3, 1)]


def test_a_key_leads_to_its_slots_server_whatever_the_random_id(plane: FlaskPlane) -> None:
    plane.apply(KEYED)
    for key in (b"a", b"b", b"\xff", b"123456"):
        slot = CRC32.slot(key, 4)
        assert {chosen(plane, other, key=key) for other in range(4)} == {(ROUTES.slots[slot], slot, 1)}
    assert plane.keyless() == 0


def test_a_missing_key_is_replaced_by_the_random_id_and_counted_once(plane: FlaskPlane) -> None:
    plane.apply(KEYED)
    assert chosen(plane, 2) == ("S2", 2, 1)
    assert chosen(plane, 2, "S2") == ("S1", 2, 2)
    assert plane.keyless() == 1


def test_a_missing_key_is_counted_where_there_is_nobody_either(plane: FlaskPlane) -> None:
    plane.apply(replace(KEYED, slots=("",) * 4))
    with pytest.raises(EmptyRing):
        chosen(plane)
    assert plane.keyless() == 1


def test_who_was_tried_is_not_asked_again(plane: FlaskPlane) -> None:
    assert chosen(plane, 0, "S1") == ("S2", 0, 2)
    with pytest.raises(EmptyRing):
        chosen(plane, 0, "S1", "S2")


@pytest.mark.parametrize("routes", [Routes((), ()), Routes(("", ""), ())])
def test_an_empty_ring_has_nobody(plane: FlaskPlane, routes: Routes) -> None:
    plane.apply(routes)
    with pytest.raises(EmptyRing):
        chosen(plane)


def test_each_attempt_obeys_the_routes_of_its_own_moment_and_all_of_them(plane: FlaskPlane) -> None:
    """Hash, key source and number of slots change with the slots between two attempts of one request."""
    key = b"somebody"
    plane.apply(KEYED)
    assert chosen(plane, 1, key=key)[1] == CRC32.slot(key, 4)
    names = tuple(f"T{slot}" for slot in range(64))
    larger = Routes(names, tuple(Backend(name, "") for name in names), XXH64, KEYED.key)
    plane.apply(larger)
    slot = XXH64.slot(key, 64)
    assert chosen(plane, 1, "S1", key=key) == (f"T{slot}", slot, 2)
    plane.apply(replace(larger, key=KeySource()))
    slot = XXH64.slot(b"%d" % TO_SLOT[1], 64)
    assert chosen(plane, 1, "S1", "S2", key=key) == (f"T{slot}", slot, 3)


def test_an_attempt_is_in_flight_until_it_ends(plane: FlaskPlane) -> None:
    with plane.send(message(), TO_SLOT[0], ()), plane.send(message(), TO_SLOT[0], ()):
        assert (in_flight(plane, "S1"), in_flight(plane, "S2")) == (2, 0)
    assert in_flight(plane, "S1") == 0


def test_progress_is_counted_for_each_present_server(plane: FlaskPlane) -> None:
    plane.answered("S1", 0.1, is_error=False)
    plane.gave("S1", 10)
    plane.took("S2", 7)
    plane.client_left("S1")
    assert plane.activity() == {"S1": Activity(given=11, given_up=1), "S2": Activity(taken=7)}
    plane.apply(Routes(("S2",) * 4, (S2,)))
    assert plane.activity() == {"S2": Activity(taken=7)}
    plane.apply(ROUTES)
    assert plane.activity()["S1"] == Activity()


def test_an_attempt_that_fails_is_not_in_flight_any_more(plane: FlaskPlane) -> None:
    with pytest.raises(ZeroDivisionError), plane.send(message(), TO_SLOT[0], ()):
        raise ZeroDivisionError
    assert in_flight(plane, "S1") == 0


def test_what_is_in_flight_outlives_new_routes(plane: FlaskPlane) -> None:
    with plane.send(message(), TO_SLOT[0], ()):
        plane.apply(Routes(("S2",) * 4, (replace(S1, draining=True), S2)))
        assert in_flight(plane, "S1") == 1
        assert chosen(plane)[0] == "S2"


def test_many_threads_at_once_pass_no_cap_and_leave_nothing(plane: FlaskPlane) -> None:
    """All of them want S1. With 8 in flight of 8 it may have ceil(1.25 · 1/2 · 8) = 5."""
    plane.apply(replace(ROUTES, bound=Fraction(5, 4)))
    together = threading.Barrier(8, timeout=10)

    def ask(_: int) -> str:
        with plane.send(message(), TO_SLOT[0], ()) as attempt:
            together.wait()
            return attempt.backend.instance

    with ThreadPoolExecutor(8) as threads:
        for _ in range(20):
            assert sorted(threads.map(ask, range(8))) == ["S1"] * 5 + ["S2"] * 3
            assert (in_flight(plane, "S1"), in_flight(plane, "S2")) == (0, 0)


def test_it_knows_the_addresses_of_its_servers(plane: FlaskPlane) -> None:
    assert plane.addresses == {"127.0.0.1:1", "127.0.0.1:2"}


def test_a_server_that_cannot_be_reached_is_passed_over_until_it_is(plane: FlaskPlane) -> None:
    for _ in range(LIMIT):
        assert chosen(plane) == ("S1", 0, 1)
        plane.not_reached(S1)
    assert chosen(plane) == ("S2", 0, 1)
    plane.reached(S1)
    assert chosen(plane) == ("S1", 0, 1)


def test_where_nobody_can_be_reached_the_ring_is_obeyed_all_the_same(plane: FlaskPlane) -> None:
    for backend in (S1, S2) * LIMIT:
        plane.not_reached(backend)
    assert chosen(plane) == ("S1", 0, 1)
    assert chosen(plane, 0, "S1") == ("S2", 0, 2)


def test_a_server_with_another_address_is_another_server(plane: FlaskPlane) -> None:
    for _ in range(LIMIT):
        plane.not_reached(S1)
    plane.apply(replace(ROUTES, backends=(replace(S1, address="127.0.0.1:3"), S2)))
    assert chosen(plane) == ("S1", 0, 1)
