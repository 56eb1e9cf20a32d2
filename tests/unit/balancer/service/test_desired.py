"""The desired fleet of record: on the volume before anybody hears of it."""

from __future__ import annotations

import pytest

from balancer.core.errors import PlaneUnavailable, StateUnavailable
from balancer.core.fleet import Fleet
from balancer.core.ring_profile import RingProfile
from balancer.core.routes import routes
from balancer.core.strategies import Table
from balancer.service.desired import DesiredFleet
from tests.fakes.plane import FakePlane
from tests.fakes.store import MemoryStore

PROFILE = RingProfile(strategy=Table(slots=8))
FIRST = Fleet.first(["S1"], PROFILE)
SERVING = FIRST.fill({"S1": "10.0.0.1:5000"})


class Fixture:
    def __init__(self) -> None:
        self.store, self.plane = MemoryStore(), FakePlane()
        self.desired = DesiredFleet(store=self.store, plane=self.plane, profile=PROFILE)


@pytest.fixture
def fixture() -> Fixture:
    return Fixture()


def test_at_first_it_is_empty_and_nothing_was_saved(fixture: Fixture) -> None:
    assert not fixture.desired.load()
    assert fixture.desired.fleet == Fleet.empty(PROFILE)


def test_a_saved_fleet_is_taken_up(fixture: Fixture) -> None:
    fixture.store.save(SERVING)
    assert fixture.desired.load()
    assert fixture.desired.fleet == SERVING


def test_a_change_is_saved(fixture: Fixture) -> None:
    assert fixture.desired.change(lambda _: FIRST) == FIRST
    assert fixture.store.saved == FIRST


def test_a_change_that_changes_nothing_is_not_saved_again(fixture: Fixture) -> None:
    fixture.desired.change(lambda _: FIRST)
    fixture.store.full.arm()
    assert fixture.desired.change(lambda fleet: fleet) == FIRST


def test_a_change_that_cannot_be_saved_has_not_happened(fixture: Fixture) -> None:
    fixture.store.full.arm()
    with pytest.raises(StateUnavailable):
        fixture.desired.change(lambda _: FIRST)
    assert fixture.desired.fleet == Fleet.empty(PROFILE)


def test_a_change_is_saved_before_it_is_published(fixture: Fixture) -> None:
    saved_at_the_publication: list[Fleet | None] = []
    fixture.plane.apply = lambda routes: saved_at_the_publication.append(fixture.store.saved)  # type: ignore[method-assign]
    fixture.desired.change_and_publish(lambda _: SERVING)
    assert saved_at_the_publication == [SERVING]


def test_a_change_that_the_plane_does_not_follow_is_taken_back(fixture: Fixture) -> None:
    fixture.plane.away.arm()
    with pytest.raises(PlaneUnavailable):
        fixture.desired.change_and_publish(lambda _: SERVING)
    assert fixture.desired.fleet == Fleet.empty(PROFILE)
    assert fixture.store.saved == Fleet.empty(PROFILE)


def test_it_knows_whether_the_plane_obeys(fixture: Fixture) -> None:
    fixture.desired.change(lambda _: SERVING)
    assert not fixture.desired.is_published()
    fixture.desired.publish()
    assert fixture.desired.is_published()
    assert fixture.plane.routes == routes(SERVING)


def test_it_remembers_whether_the_plane_obeyed_when_that_was_last_looked_at(fixture: Fixture) -> None:
    assert not fixture.desired.in_sync
    fixture.desired.change_and_publish(lambda _: SERVING)
    assert fixture.desired.in_sync
    fixture.plane.restart()
    assert not fixture.desired.is_published()
    assert not fixture.desired.in_sync
    fixture.desired.synchronise()
    assert fixture.desired.in_sync
    fixture.plane.away.arm()
    for ask in (fixture.desired.is_published, fixture.desired.publish):
        fixture.desired.in_sync = True
        with pytest.raises(PlaneUnavailable):
            ask()
        assert not fixture.desired.in_sync
