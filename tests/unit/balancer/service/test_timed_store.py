"""Saves are timed, and nothing else of the store changes."""

from __future__ import annotations

import pytest

from balancer.core.errors import StateUnavailable
from balancer.core.fleet import Fleet
from balancer.core.ring_profile import RingProfile
from balancer.core.strategies import Table
from balancer.ports.durations import Work
from balancer.service.timed_store import TimedStore
from tests.fakes.clock import FakeClock
from tests.fakes.store import MemoryStore

FLEET = Fleet.empty(RingProfile(strategy=Table(slots=8)))


class SlowStore(MemoryStore):
    """A save takes two seconds."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self._clock = clock

    def save(self, fleet: Fleet) -> None:
        self._clock.sleep(2.0)
        super().save(fleet)


class Noted:
    """A Durations that notes them."""

    def __init__(self) -> None:
        self.durations: list[tuple[Work, float]] = []

    def took(self, work: Work, seconds: float) -> None:
        self.durations.append((work, seconds))


def test_a_save_is_timed() -> None:
    clock, noted = FakeClock(), Noted()
    store = TimedStore(SlowStore(clock), clock=clock, durations=noted)
    assert store.load() is None
    store.save(FLEET)
    assert store.load() == FLEET
    assert noted.durations == [(Work.SAVE, 2.0)]


def test_a_save_that_fails_has_no_duration() -> None:
    clock, noted, slow = FakeClock(), Noted(), SlowStore(FakeClock())
    slow.full.arm()
    with pytest.raises(StateUnavailable, match="cannot be saved"):
        TimedStore(slow, clock=clock, durations=noted).save(FLEET)
    assert noted.durations == []
