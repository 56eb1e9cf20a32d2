"""The desired fleet of record: changed by one at a time, saved before anybody hears of it, published to the plane."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress

from balancer.core.errors import PlaneUnavailable, StateUnavailable
from balancer.core.fleet import Fleet
from balancer.core.ring_profile import RingProfile
from balancer.core.routes import Routes, routes
from balancer.ports.data_plane import DataPlane
from balancer.ports.store import FleetStore


class DesiredFleet:
    """`lock` may be held over several calls to make them one step. Until `restored` is set the fleet is not known
    and must not be changed by users; `obeyed` is whether the plane has obeyed a known fleet since the start. `profile`
    is the ring profile of the fleet that is not known yet."""

    def __init__(self, *, store: FleetStore, plane: DataPlane, profile: RingProfile) -> None:
        self.lock = threading.RLock()
        self.restored = False
        self.obeyed = False
        self._store = store
        self._plane = plane
        self._fleet = Fleet.empty(profile)
        self._routes: tuple[Fleet, Routes] = (self._fleet, routes(self._fleet))

    @property
    def fleet(self) -> Fleet:
        return self._fleet

    @property
    def routes(self) -> Routes:
        """What the plane has to obey now; made once for each fleet, for a large table costs milliseconds."""
        with self.lock:
            if self._routes[0] is not self._fleet:
                self._routes = (self._fleet, routes(self._fleet))
            return self._routes[1]

    def load(self) -> bool:
        """Takes up the saved fleet, if there is one. Raises StateUnavailable."""
        saved = self._store.load()
        if saved is not None:
            self._fleet = saved
        return saved is not None

    def change(self, make: Callable[[Fleet], Fleet]) -> Fleet:
        """The fleet becomes make(fleet), on the volume first. Nothing has changed when this raises."""
        with self.lock:
            fleet = make(self._fleet)
            if fleet != self._fleet:
                self._store.save(fleet)
                self._fleet = fleet
            return fleet

    def publish(self) -> None:
        """The data plane obeys the present fleet. Raises PlaneUnavailable."""
        with self.lock:
            self._plane.apply(self.routes)

    def change_and_publish(self, make: Callable[[Fleet], Fleet]) -> Fleet:
        """Both or neither: where the plane does not follow, the fleet is as it was and the error goes on. A change that
        changes nothing is published only to a plane that is behind."""
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
        """Volume and plane follow the fleet of before, as far as they can now: the plane at the next step at the
        latest, the volume with the next change."""
        with suppress(StateUnavailable):
            self._store.save(self._fleet)
        with suppress(PlaneUnavailable):
            self.publish()

    def synchronise(self) -> None:
        """The data plane obeys the present fleet, whoever restarted or reconfigured it. Raises PlaneUnavailable."""
        with self.lock:
            if not self.is_published():
                self.publish()
            self.obeyed = True

    def is_published(self) -> bool:
        """Whether the plane obeys the present fleet. Raises PlaneUnavailable."""
        with self.lock:
            return self._plane.in_step(self.routes)
