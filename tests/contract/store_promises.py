"""What every FleetStore promises, wherever it keeps the fleet."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from fractions import Fraction
from typing import Protocol

import pytest

from balancer.core.deploy import Deploy, Stage
from balancer.core.errors import DamagedState, StateUnavailable, Superseded
from balancer.core.fleet import Fleet, Server
from balancer.core.key_source import KeySource
from balancer.core.lifecycle import State
from balancer.core.release import Release
from balancer.core.request_hash import REQUEST_HASHES
from balancer.core.ring_profile import RingProfile
from balancer.core.slot_table import SlotTable
from balancer.core.strategies import Ring, Table
from balancer.ports.store import FleetStore

SETTINGS = RingProfile(strategy=Table(slots=8))
SWITCHED = RingProfile(
    strategy=Ring(slots=65_536, point_hash="sha1"),
    request_hash=REQUEST_HASHES["xxh64"],
    key=KeySource("header", "X-User"),
    bound=Fraction(11, 10),
)
SMALL = Fleet.first(["S1", "S2"], SETTINGS)
LARGE = Fleet(
    servers=tuple(
        Server(
            f"{state}-{'n' * 40}",
            2**40 + number,
            state,
            f"10.0.0.{number}:5000",
            weight=number * 42,
            ramp=number + 1,
            release=2**40 + number,
            rolled=number % 2 == 1,
        )
        for number, state in enumerate(State)
    ),
    target=64,
    next_ring_id=2**40 + 9,
    table=SlotTable(tuple(range(65_536))),
    profile=SWITCHED,
    configured=SETTINGS,
    version=2**40,
    release=Release(2**40, "shop:1", {"MODE": "x"}, "256m", 0.5),
    configured_release=Release(1, "shop:0"),
    deploy=Deploy(
        Release(2**40 + 1, "shop:2"), surge=100, batch=10, stage=Stage.ROLLING_BACK, reason="S1 did not answer"
    ),
)


PULLING = replace(
    SMALL,
    release=replace(SMALL.release, content="sha256:0a", digest="shop@sha256:0b"),
    deploy=Deploy(
        Release(3, "shop:3", content="sha256:0c"), surge=1, batch=1, stage=Stage.PULLING, pull=True, anew=False
    ),
)


ROUNDS = 5
THREADS = 4
"""Threads of one balancer that save at once."""


class StoreBench(Protocol):
    def store(self) -> FleetStore:
        """A balancer's view of the same place; the next balancer gets another one."""

    def full(self) -> AbstractContextManager[None]:
        """There is no room for another fleet until the end of the block."""

    def damage(self) -> None:
        """What was saved cannot be read any more."""


def numbered(number: int) -> Fleet:
    """A fleet unlike those of other numbers."""
    return replace(SMALL, next_ring_id=100 + number)


def is_superseded(act: Callable[[], object]) -> bool:
    try:
        act()
    except Superseded:
        return True
    return False


class StorePromises:
    """A subclass's module has a fixture `bench`."""

    def test_nothing_is_loaded_where_nothing_was_saved(self, bench: StoreBench) -> None:
        assert bench.store().load() is None

    @pytest.mark.parametrize(
        "fleet", [Fleet.empty(SETTINGS), SMALL, LARGE, PULLING], ids=["empty", "small", "large", "pulling"]
    )
    def test_what_was_saved_is_loaded_by_the_next_balancer(self, bench: StoreBench, fleet: Fleet) -> None:
        bench.store().save(fleet)
        assert bench.store().load() == fleet

    def test_the_fleet_saved_last_is_loaded(self, bench: StoreBench) -> None:
        store = bench.store()
        for fleet in (SMALL, LARGE, SMALL):
            store.save(fleet)
            assert store.load() == bench.store().load() == fleet

    def test_loading_changes_nothing(self, bench: StoreBench) -> None:
        bench.store().save(SMALL)
        assert bench.store().load() == bench.store().load() == SMALL

    @pytest.mark.parametrize("before", [None, SMALL], ids=["none", "small"])
    def test_a_full_place_leaves_what_was_saved_before(self, bench: StoreBench, before: Fleet | None) -> None:
        if before:
            bench.store().save(before)
        with bench.full(), pytest.raises(StateUnavailable, match="cannot be saved"):
            bench.store().save(LARGE)
        assert bench.store().load() == before
        bench.store().save(LARGE)
        assert bench.store().load() == LARGE

    def test_what_is_damaged_is_said_to_be_and_the_next_save_heals_it(self, bench: StoreBench) -> None:
        bench.store().save(SMALL)
        bench.store().save(LARGE)
        bench.damage()
        with pytest.raises(DamagedState):
            bench.store().load()
        bench.store().save(SMALL)
        assert bench.store().load() == SMALL

    def test_of_two_balancers_that_know_the_same_fleet_the_first_to_save_wins(self, bench: StoreBench) -> None:
        first, second = bench.store(), bench.store()
        for number in range(3):
            first.load()
            second.load()
            first.save(numbered(number))
            with pytest.raises(Superseded):
                second.save(LARGE)
            assert second.load() == numbered(number)

    def test_the_loser_saves_nothing_however_often_it_tries_until_it_loads(self, bench: StoreBench) -> None:
        loser, winner = bench.store(), bench.store()
        loser.save(SMALL)
        assert winner.load() == SMALL
        for number in range(4):
            winner.save(numbered(number))
            with pytest.raises(Superseded):
                loser.save(LARGE)
        for act in (lambda: loser.save(SMALL), loser.confirm, lambda: loser.save(LARGE)):
            assert is_superseded(act)
        assert loser.load() == bench.store().load() == numbered(3)
        loser.save(LARGE)
        assert is_superseded(lambda: winner.save(SMALL))
        assert bench.store().load() == LARGE

    def test_the_same_fleet_saved_by_another_is_another_save(self, bench: StoreBench) -> None:
        first, second = bench.store(), bench.store()
        first.save(SMALL)
        assert second.load() == SMALL
        second.save(SMALL)
        assert is_superseded(first.confirm)
        assert is_superseded(lambda: first.save(SMALL))

    def test_a_balancer_may_save_as_long_as_others_only_load(self, bench: StoreBench) -> None:
        store = bench.store()
        assert store.load() is None
        for number in range(3):
            store.save(numbered(number))
            assert bench.store().load() == numbered(number)
            store.confirm()
        assert bench.store().load() == numbered(2)

    def test_it_is_confirmed_until_another_saves(self, bench: StoreBench) -> None:
        store, other = bench.store(), bench.store()
        for known in (store.load(), other.load()):
            assert known is None
        store.confirm()
        other.save(SMALL)
        assert is_superseded(store.confirm)
        assert is_superseded(store.confirm)
        other.confirm()
        assert store.load() == SMALL
        store.confirm()

    def test_a_fleet_that_does_not_fit_supersedes_nobody(self, bench: StoreBench) -> None:
        store, other = bench.store(), bench.store()
        store.save(SMALL)
        other.load()
        with bench.full(), pytest.raises(StateUnavailable, match="cannot be saved"):
            other.save(LARGE)
        store.confirm()
        store.save(numbered(1))
        assert is_superseded(lambda: other.save(LARGE))

    def test_of_two_balancers_that_start_on_damage_one_wins(self, bench: StoreBench) -> None:
        bench.store().save(SMALL)
        bench.damage()
        stores = [bench.store(), bench.store()]
        for store in stores:
            with pytest.raises(DamagedState):
                store.load()
        stores[0].save(SMALL)
        assert is_superseded(lambda: stores[1].save(LARGE))
        assert bench.store().load() == SMALL

    def test_of_many_threads_of_two_balancers_those_of_one_win(self, bench: StoreBench) -> None:
        stores = [bench.store(), bench.store()]
        together = threading.Barrier(len(stores) * THREADS)

        def attempt(caller: int, number: int) -> int | None:
            """The caller, where it has won."""
            together.wait(30)
            lost = is_superseded(lambda: stores[caller % 2].save(numbered(number)))
            return None if lost else caller

        with ThreadPoolExecutor(len(stores) * THREADS) as pool:
            for number in range(ROUNDS):
                for store in stores:
                    store.load()
                callers = range(len(stores) * THREADS)
                numbers = [number * len(callers) + caller for caller in callers]
                won = [caller for caller in pool.map(attempt, callers, numbers) if caller is not None]
                assert len({caller % 2 for caller in won}) == 1, won
                assert len(won) == THREADS, "one balancer does not supersede itself"
                saved = bench.store().load()
                assert saved in [numbered(numbers[caller]) for caller in won]
