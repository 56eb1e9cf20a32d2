"""The store over revisions: what it does where nobody knows whether a save was made."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from balancer.adapters.fleet_document import FORMAT, FleetDocument
from balancer.adapters.revision_store import RevisionStore
from balancer.core.catalogue import Catalogue
from balancer.core.errors import DamagedState, NewerState, StateUnavailable, Superseded
from balancer.core.fleet import Fleet
from balancer.core.release import Release
from balancer.core.ring_profile import RingProfile
from balancer.core.strategies import Table
from tests.fakes.revisions import MemoryRevisions

PROFILE = RingProfile(strategy=Table(slots=8))
FIRST = Fleet.first(["S1"], PROFILE)
OTHERS = [replace(FIRST, next_ring_id=number) for number in range(10, 15)]
DOCUMENT = FleetDocument(catalogue=Catalogue(), profile=PROFILE, release=Release())


@pytest.fixture
def revisions() -> MemoryRevisions:
    return MemoryRevisions()


def store_over(revisions: MemoryRevisions) -> RevisionStore:
    return RevisionStore(revisions, catalogue=Catalogue(), profile=PROFILE, release=Release())


def test_a_save_that_was_made_and_got_no_answer_supersedes_nobody(revisions: MemoryRevisions) -> None:
    store = store_over(revisions)
    store.load()
    for fleet in OTHERS:
        revisions.deaf.arm(times=1)
        with pytest.raises(StateUnavailable, match="no answer"):
            store.save(fleet)
        store.save(FIRST)
        store.confirm()
    assert store_over(revisions).load() == FIRST


def test_that_another_saved_after_a_save_without_an_answer_is_found_out(revisions: MemoryRevisions) -> None:
    store, other = store_over(revisions), store_over(revisions)
    store.load()
    revisions.deaf.arm(times=1)
    with pytest.raises(StateUnavailable):
        store.save(FIRST)
    assert other.load() == FIRST
    other.save(OTHERS[0])
    for act in (store.confirm, lambda: store.save(OTHERS[1])):
        with pytest.raises(Superseded, match="another balancer has saved revision 2 of the fleet"):
            act()
    assert store_over(revisions).load() == OTHERS[0]


def test_the_same_fleet_of_another_is_not_its_own(revisions: MemoryRevisions) -> None:
    """Both find the same failure and want to save the same."""
    store, other = store_over(revisions), store_over(revisions)
    for each in (store, other):
        each.load()
    revisions.away.arm(times=1)
    with pytest.raises(StateUnavailable):
        store.save(FIRST)
    other.save(FIRST)
    with pytest.raises(Superseded):
        store.save(FIRST)


def test_while_nothing_answers_nothing_is_lost_and_nothing_is_said_to_be_damaged(revisions: MemoryRevisions) -> None:
    store = store_over(revisions)
    store.save(FIRST)
    revisions.away.arm(times=3)
    for act in (store.load, store.confirm, lambda: store.save(OTHERS[0])):
        with pytest.raises(StateUnavailable) as raised:
            act()
        assert type(raised.value) is StateUnavailable
    store.save(OTHERS[0])
    assert store.load() == OTHERS[0]


def test_where_all_revisions_were_taken_away_it_goes_on_and_the_numbers_grow(revisions: MemoryRevisions) -> None:
    store = store_over(revisions)
    store.save(FIRST)
    store.save(FIRST)
    revisions._newest = None
    store.confirm()
    store.save(OTHERS[0])
    assert revisions.newest() is not None
    assert store_over(revisions).load() == OTHERS[0]


def test_a_fleet_that_somebody_put_back_is_another_balancers(revisions: MemoryRevisions) -> None:
    store = store_over(revisions)
    for fleet in OTHERS:
        store.save(fleet)
    revisions._newest = None
    revisions.replace(0, DOCUMENT.written(FIRST))
    for act in (store.confirm, lambda: store.save(OTHERS[1])):
        with pytest.raises(Superseded, match="another balancer has saved revision 1 of the fleet"):
            act()
    assert store_over(revisions).load() == FIRST


def test_where_the_newest_revision_was_taken_away_it_goes_on(revisions: MemoryRevisions) -> None:
    store = store_over(revisions)
    for fleet in OTHERS:
        store.save(fleet)
    revisions._newest = len(OTHERS) - 1, DOCUMENT.written(OTHERS[-2])
    store.confirm()
    store.save(FIRST)
    assert store_over(revisions).load() == FIRST


def test_a_newer_format_is_left_as_it_is(revisions: MemoryRevisions) -> None:
    newer = json.dumps(json.loads(DOCUMENT.written(FIRST)) | {"format": FORMAT + 1}).encode()
    revisions.replace(0, newer)
    with pytest.raises(NewerState, match=f"revision 1 of the fleet has format {FORMAT + 1}, and this balancer knows"):
        store_over(revisions).load()
    assert revisions.newest() == (1, newer)


def test_a_revision_that_nobody_can_read_is_replaced_by_the_next_save(revisions: MemoryRevisions) -> None:
    store_over(revisions).save(FIRST)
    revisions.damage()
    store = store_over(revisions)
    with pytest.raises(DamagedState, match="revision 1 of the fleet cannot be read"):
        store.load()
    store.save(FIRST)
    assert store_over(revisions).load() == FIRST
