"""The desired fleet of record: on the volume before anybody hears of it."""

from __future__ import annotations

import pytest

from balancer.core.errors import PlaneUnavailable, StateUnavailable, Superseded
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
        self.told: list[str] = []
        self.desired = DesiredFleet(store=self.store, plane=self.plane, profile=PROFILE, on_loss=self.told.append)

    def taken_up(self) -> Fixture:
        """With a fleet that serves, which another balancer then saves."""
        self.desired.change_and_publish(lambda _: SERVING)
        self.desired.restored = True
        other = self.store.another()
        other.load()
        other.save(FIRST)
        return self


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


def test_a_change_after_another_balancers_has_not_happened_and_is_told(fixture: Fixture) -> None:
    fixture.taken_up()
    for _ in range(2):
        with pytest.raises(
            Superseded, match=r"another balancer has saved the fleet\. That one looks after the fleet now"
        ):
            fixture.desired.change(lambda _: FIRST)
    assert fixture.desired.fleet == SERVING
    assert fixture.told == [fixture.desired.superseded]


def test_after_the_loss_even_what_changes_nothing_is_refused(fixture: Fixture) -> None:
    fixture.taken_up()
    fixture.plane.restart()
    for act in (
        fixture.desired.confirm,
        fixture.desired.check,
        fixture.desired.publish,
        fixture.desired.synchronise,
        lambda: fixture.desired.change(lambda fleet: fleet),
        lambda: fixture.desired.change_and_publish(lambda fleet: fleet),
    ):
        with pytest.raises(Superseded):
            act()
    assert fixture.plane.routes != routes(SERVING)
    assert len(fixture.told) == 1


def test_a_plane_that_lost_its_routes_may_have_those_of_another_balancer(fixture: Fixture) -> None:
    fixture.taken_up()
    fixture.plane.restart()
    with pytest.raises(Superseded):
        fixture.desired.synchronise()
    assert fixture.plane.routes != routes(SERVING)


def test_where_it_is_not_known_whether_another_has_taken_over_the_plane_gets_its_routes(fixture: Fixture) -> None:
    fixture.taken_up()
    fixture.plane.restart()
    fixture.store.away.arm()
    fixture.desired.synchronise()
    assert fixture.plane.routes == routes(SERVING)


def test_an_undone_change_that_another_overtakes_is_not_published(fixture: Fixture) -> None:
    fixture.desired.change_and_publish(lambda _: SERVING)
    other = fixture.store.another()

    def fail(_: object) -> None:
        other.load()
        other.save(FIRST)
        raise PlaneUnavailable("the edge does not answer")

    fixture.plane.apply = fail  # type: ignore[method-assign]
    with pytest.raises(PlaneUnavailable):
        fixture.desired.change_and_publish(lambda fleet: fleet.weighed("S1", 3))
    assert fixture.desired.superseded
    assert fixture.store.saved == FIRST


def test_a_claim_ends_the_balancer_before(fixture: Fixture) -> None:
    fixture.desired.change(lambda _: SERVING)
    successor = DesiredFleet(store=fixture.store.another(), plane=fixture.plane, profile=PROFILE)
    assert successor.load()
    fixture.desired.confirm()
    successor.claim()
    with pytest.raises(Superseded):
        fixture.desired.confirm()
    successor.confirm()


def test_a_fleet_that_cannot_be_claimed_now_is_claimed_by_the_first_change(fixture: Fixture) -> None:
    fixture.desired.change(lambda _: SERVING)
    successor = DesiredFleet(store=fixture.store.another(), plane=fixture.plane, profile=PROFILE)
    successor.load()
    fixture.store.full.arm(times=1)
    successor.claim()
    fixture.desired.confirm()
    successor.change(lambda _: FIRST)
    with pytest.raises(Superseded):
        fixture.desired.confirm()
