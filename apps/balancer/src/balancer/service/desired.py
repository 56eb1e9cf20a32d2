"""The desired fleet as the services share it: changes are made one at a time, saved first, and published to the
plane."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

from balancer.core.errors import PlaneUnavailable, RingmasterError, StateUnavailable
from balancer.core.fleet import Fleet
from balancer.core.ring_profile import RingProfile
from balancer.core.routes import Routes, routes
from balancer.ports.data_plane import DataPlane
from balancer.ports.store import FleetStore


class DesiredFleet:
    """A caller may hold `lock` over several calls to make them one change. `restored`: the fleet is known; until then
    users must not change it. `obeyed`: the plane has obeyed the restored fleet since the start. `in_sync`: the plane
    obeyed the fleet when that was last looked at; the reconciler looks every second. `profile`: the ring profile of the
    empty fleet that stands here until then."""

    def __init__(self, *, store: FleetStore, plane: DataPlane, profile: RingProfile) -> None:
        self.lock = threading.RLock()
        self.restored = False
        self.obeyed = False
        self.in_sync = False
        self._store = store
        self._plane = plane
        self._fleet = Fleet.empty(profile)
        self._routes: tuple[Fleet, Routes] = (self._fleet, routes(self._fleet))

    @property
    def fleet(self) -> Fleet:
        return self._fleet

    @property
    def routes(self) -> Routes:
        """The routes of the present fleet. They are made once for each fleet, because a large table costs
        milliseconds."""
        with self.lock:
            if self._routes[0] is not self._fleet:
                self._routes = (self._fleet, routes(self._fleet))
            return self._routes[1]

    def load(self) -> bool:
        """Loads the saved fleet; returns False where none was ever saved. Raises StateUnavailable."""
        saved = self._store.load()
        if saved is not None:
            self._fleet = saved
        return saved is not None

    def prepare(self, make: Callable[[Fleet], Fleet]) -> None:
        """Makes the slot table of make(fleet) before the change itself, and changes nothing. The table of a large ring
        takes seconds, in which a failed server must be able to leave the ring: so this holds no lock, and `change`
        finds the table made. An error is left to `change`."""
        with suppress(RingmasterError):
            make(self._fleet)

    def change(self, make: Callable[[Fleet], Fleet]) -> Fleet:
        """The fleet becomes make(fleet), and is saved first. After an error nothing has changed. Raises
        StateUnavailable."""
        with self.lock:
            fleet = make(self._fleet)
            if fleet != self._fleet:
                self._store.save(fleet)
                self._fleet = fleet
            return fleet

    def publish(self) -> None:
        """The data plane obeys the present fleet when this returns. Raises PlaneUnavailable."""
        with self.lock:
            self.in_sync = False
            self._plane.apply(self.routes)
            self.in_sync = True

    def change_and_publish(self, make: Callable[[Fleet], Fleet]) -> Fleet:
        """Changes the fleet and publishes it. Where the plane does not obey, the fleet is as before and the error is
        raised again. Where the fleet stays the same, it is published only to a plane that does not obey it yet."""
        with self.lock:
            before = self._fleet
            fleet = self.change(make)
            if fleet == before and self.is_published():
                return fleet
            try:
                self.publish()
            except Exception:
                self._fleet = before
                self._undo()
                raise
            return fleet

    def _undo(self) -> None:
        """Saves and publishes the earlier fleet again. Where that fails now, the next change saves it, and the next
        step publishes it."""
        with suppress(StateUnavailable):
            self._store.save(self._fleet)
        with suppress(PlaneUnavailable):
            self.publish()

    def synchronise(self) -> None:
        """Publishes the present fleet where the plane does not obey it, for example after a restart of the plane.
        Raises PlaneUnavailable."""
        with self.lock:
            if not self.is_published():
                self.publish()
            self.obeyed = True

    def is_published(self) -> bool:
        """Whether the plane obeys the present fleet. Raises PlaneUnavailable."""
        with self.lock:
            is_obeyed = False
            try:
                is_obeyed = self._plane.in_step(self.routes)
            finally:
                self.in_sync = is_obeyed
            return is_obeyed
