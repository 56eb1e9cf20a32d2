"""The routes inside the balancer's own process, and what is in flight on them."""

from __future__ import annotations

import pytest

from balancer.adapters.flask_plane.plane import FlaskPlane
from balancer.core.errors import EmptyRing
from balancer.core.routes import Backend, Routes

S1, S2 = Backend("S1", "127.0.0.1:1"), Backend("S2", "127.0.0.1:2")
ROUTES = Routes(("S1", "S1", "S2", "S1"), (S1, S2))


@pytest.fixture
def plane() -> FlaskPlane:
    plane = FlaskPlane()
    plane.apply(ROUTES)
    return plane


def chosen(plane: FlaskPlane, slot: int, *tried: str) -> str:
    with plane.send(slot, set(tried)) as backend:
        return backend.name


def test_a_slot_leads_to_its_server(plane: FlaskPlane) -> None:
    assert [chosen(plane, slot) for slot in range(4)] == ["S1", "S1", "S2", "S1"]


def test_a_repetition_walks_on_clockwise_past_the_end(plane: FlaskPlane) -> None:
    assert [chosen(plane, slot, "S1") for slot in range(4)] == ["S2"] * 4
    assert chosen(plane, 2, "S2") == "S1"


def test_when_all_were_tried_nobody_is_left(plane: FlaskPlane) -> None:
    with pytest.raises(EmptyRing):
        chosen(plane, 0, "S1", "S2")


@pytest.mark.parametrize("routes", [Routes((), ()), Routes(("", ""), ())])
def test_an_empty_ring_has_nobody(routes: Routes) -> None:
    plane = FlaskPlane()
    plane.apply(routes)
    with pytest.raises(EmptyRing):
        chosen(plane, 0)


def test_an_attempt_is_in_flight_until_it_ends(plane: FlaskPlane) -> None:
    with plane.send(0, set()), plane.send(0, set()):
        assert (plane.in_flight("S1"), plane.in_flight("S2")) == (2, 0)
    assert plane.in_flight("S1") == 0


def test_an_attempt_that_fails_is_not_in_flight_any_more(plane: FlaskPlane) -> None:
    with pytest.raises(ZeroDivisionError), plane.send(0, set()):
        raise ZeroDivisionError
    assert plane.in_flight("S1") == 0


def test_an_answer_that_is_being_passed_on_stays_in_flight(plane: FlaskPlane) -> None:
    with plane.send(0, set()) as backend:
        plane.keep(backend)
    assert plane.in_flight("S1") == 1
    plane.done(backend)
    assert plane.in_flight("S1") == 0


def test_what_is_in_flight_outlives_new_routes(plane: FlaskPlane) -> None:
    with plane.send(0, set()):
        plane.apply(Routes(("S2",) * 4, (Backend("S1", S1.address, draining=True), S2)))
        assert plane.in_flight("S1") == 1
        assert chosen(plane, 0) == "S2"


def test_it_knows_the_addresses_of_its_servers(plane: FlaskPlane) -> None:
    assert plane.addresses == {"127.0.0.1:1", "127.0.0.1:2"}
