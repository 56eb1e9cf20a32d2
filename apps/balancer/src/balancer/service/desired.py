"""The desired fleet as the services share it: changes are made one at a time, saved first, and published to the
plane."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import NoReturn

from balancer.core.errors import PlaneUnavailable, RingmasterError, StateUnavailable, Superseded
from balancer.core.fleet import Fleet
from balancer.core.ring_profile import RingProfile
from balancer.core.routes import Routes, routes
from balancer.ports.data_plane import DataPlane
from balancer.ports.store import FleetStore

_log = logging.getLogger(__name__)

_WHAT_TO_DO = (
    "That one looks after the fleet now. This one has stopped and changes nothing any more; what is served goes on. "
    "Stop this one, or restart it where it shall take over"
)


class DesiredFleet:
    """A caller may hold `lock` over several calls to make them one change. `restored`: the fleet is known; until then
    users must not change it. `obeyed`: the plane has obeyed the restored fleet since the start. `in_sync`: the plane
    obeyed the fleet when that was last looked at; the reconciler looks every second. `profile`: the ring profile of the
    empty fleet that stands here until then. `superseded`: why this balancer must not act any more, and what to do; ""
    while it may. `on_loss` gets that text."""

    def __init__(
        self,
        *,
        store: FleetStore,
        plane: DataPlane,
        profile: RingProfile,
        on_loss: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.lock = threading.RLock()
        self.restored = False
        self.obeyed = False
        self.in_sync = False
        self.superseded = ""
        self._on_loss = on_loss
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
        self.superseded = ""
        if saved is not None:
            self._fleet = saved
        return saved is not None

    def claim(self) -> None:
        """Saves the fleet as it is, so that a balancer that ran before this one can save no more and stops. Where it
        cannot be saved now, the first change claims it. Raises Superseded."""
        with self.lock:
            try:
                self._save(self._fleet)
            except Superseded:
                raise
            except StateUnavailable as error:
                _log.warning("fleet not claimed yet", extra={"reason": str(error)})

    def check(self) -> None:
        """Raises Superseded where this balancer has found out that it must not act any more."""
        if self.superseded:
            raise Superseded(self.superseded)

    def confirm(self) -> None:
        """Finds out whether another balancer has taken over; called before what cannot be undone and no save came
        before. Raises Superseded. Where it cannot be found out now, it counts as before."""
        self.check()
        try:
            self._store.confirm()
        except Superseded as error:
            self._lost(error)
        except StateUnavailable as error:
            _log.warning("fleet not confirmed", extra={"reason": str(error)})

    def prepare(self, make: Callable[[Fleet], Fleet]) -> None:
        """Makes the slot table of make(fleet) before the change itself, and changes nothing. The table of a large ring
        takes seconds, in which a failed server must be able to leave the ring: so this holds no lock, and `change`
        finds the table made. An error is left to `change`."""
        with suppress(RingmasterError):
            make(self._fleet)

    def change(self, make: Callable[[Fleet], Fleet]) -> Fleet:
        """The fleet becomes make(fleet), and is saved first. After an error nothing has changed. Raises
        StateUnavailable, and Superseded for good where another balancer has taken over."""
        with self.lock:
            self.check()
            fleet = make(self._fleet)
            if fleet != self._fleet:
                self._save(fleet)
                self._fleet = fleet
            return fleet

    def publish(self) -> None:
        """The data plane obeys the present fleet when this returns. Raises PlaneUnavailable, Superseded."""
        with self.lock:
            self.check()
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
            self._save(self._fleet)
        with suppress(PlaneUnavailable, Superseded):
            self.publish()

    def _save(self, fleet: Fleet) -> None:
        try:
            self._store.save(fleet)
        except Superseded as error:
            self._lost(error)

    def _lost(self, error: Superseded) -> NoReturn:
        """Another balancer has taken over: from now on nothing is changed and nothing is published here."""
        self.superseded = f"{error}. {_WHAT_TO_DO}"
        self._on_loss(self.superseded)
        raise Superseded(self.superseded) from error

    def synchronise(self) -> None:
        """Publishes the present fleet where the plane does not obey it, for example after a restart of the plane.
        Raises PlaneUnavailable. Raises Superseded where it may be another balancer whom the plane obeys."""
        with self.lock:
            self.check()
            if not self.is_published():
                self.confirm()
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
