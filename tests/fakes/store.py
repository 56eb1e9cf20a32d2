"""A fleet store in memory. It outlives a balancer, but not the test."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from balancer.core.errors import DamagedState, NewerState, StateUnavailable, Superseded
from balancer.core.fleet import Fleet
from tests.fakes.fault import Fault
from tests.fakes.process import Process


@dataclass(slots=True, eq=False)
class _Place:
    """Where several stores keep one fleet. `revision` grows with every save."""

    saved: Fleet | None = None
    revision: int = 0
    damaged: bool = False
    newer: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)


class MemoryStore:
    """A FleetStore. `full`: makes `save` fail. `away`: makes `load` and `confirm` fail."""

    def __init__(self, process: Process | None = None, place: _Place | None = None) -> None:
        self.full, self.away = Fault(), Fault()
        self._process = process or Process()
        self._place = place or _Place()
        self._revision: int | None = None

    def another(self) -> MemoryStore:
        """Another balancer's store, over the same place."""
        store = MemoryStore(self._process, self._place)
        store.full = self.full
        return store

    @property
    def saved(self) -> Fleet | None:
        return self._place.saved

    @saved.setter
    def saved(self, fleet: Fleet | None) -> None:
        """Somebody puts another fleet there, or takes it away, by hand."""
        self._place.saved = fleet

    @property
    def damaged(self) -> bool:
        """Whether `load` fails until the next `save`."""
        return self._place.damaged

    @damaged.setter
    def damaged(self, is_damaged: bool) -> None:
        self._place.damaged = is_damaged

    @property
    def newer(self) -> bool:
        """Whether the saved fleet has a format that only a newer balancer knows."""
        return self._place.newer

    @newer.setter
    def newer(self, is_newer: bool) -> None:
        self._place.newer = is_newer

    def load(self) -> Fleet | None:
        self._process.acts()
        with self._place.lock:
            self._answer()
            if self.newer:
                raise NewerState("the saved fleet is of a newer format")
            self._revision = self._place.revision
            if self.damaged:
                raise DamagedState("the saved fleet cannot be read")
            return self.saved

    def save(self, fleet: Fleet) -> None:
        self._process.acts()
        with self._place.lock:
            if self.full.hits:
                raise StateUnavailable("the fleet cannot be saved: no space left on device")
            self._refuse_others()
            self._place.revision += 1
            self._revision = self._place.revision
            self.saved = fleet
            self.damaged = False

    def confirm(self) -> None:
        self._process.acts()
        with self._place.lock:
            self._answer()
            self._refuse_others()

    def _answer(self) -> None:
        if self.away.hits:
            raise StateUnavailable("the saved fleet cannot be asked for now")

    def _refuse_others(self) -> None:
        if self._revision not in (None, self._place.revision):
            raise Superseded("another balancer has saved the fleet")
