"""A fleet store whose saves are timed."""

from __future__ import annotations

from balancer.core.fleet import Fleet
from balancer.ports.clock import Clock
from balancer.ports.durations import Durations, Work
from balancer.ports.store import FleetStore


class TimedStore:
    """A FleetStore over another one. A save that failed has no duration: it is a problem."""

    def __init__(self, store: FleetStore, *, clock: Clock, durations: Durations) -> None:
        self._store = store
        self._clock = clock
        self._durations = durations

    def load(self) -> Fleet | None:
        return self._store.load()

    def confirm(self) -> None:
        self._store.confirm()

    def save(self, fleet: Fleet) -> None:
        began = self._clock.now()
        self._store.save(fleet)
        self._durations.took(Work.SAVE, self._clock.now() - began)
