"""Whose turn it is: changes that users ask for are carried out one at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from balancer.core.errors import Busy
from balancer.service.desired import DesiredFleet


class Turns:
    """`patience` is how many seconds a change waits for the one before it."""

    def __init__(self, *, desired: DesiredFleet, patience: float) -> None:
        self._desired = desired
        self._patience = patience
        self._turn = threading.Lock()

    @contextmanager
    def one_at_a_time(self) -> Iterator[None]:
        """Changes wait for each other, in no fixed order, and give up with Busy; so do they before there is a fleet."""
        if not self._desired.restored:
            raise Busy("the balancer is still taking up its fleet; try again in a moment")
        if not self._turn.acquire(timeout=self._patience):
            raise Busy("another change of the fleet is running; try again when it has ended")
        try:
            if self._desired.fleet.is_first:
                raise Busy("the first servers are still starting; try again when /readyz says ready")
            yield
        finally:
            self._turn.release()
