"""The queue of changes: changes of the fleet are carried out one at a time, in the order in which they came."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from balancer.core.errors import Busy
from balancer.service.desired import DesiredFleet


class ChangeQueue:
    """`timeout`: seconds for which a change waits for the changes before it."""

    def __init__(self, *, desired: DesiredFleet, timeout: float) -> None:
        self._desired = desired
        self._timeout = timeout
        self._lock = threading.Lock()
        self._waiting: deque[threading.Event] = deque()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """The block runs when the change is first in the queue. Raises Busy when the changes before it take too long,
        and as long as there is no fleet to change."""
        if not self._desired.restored:
            raise Busy("the balancer is still taking up its fleet; try again in a moment")
        with self._place() as is_first:
            if not is_first.wait(self._timeout):
                raise Busy("another change of the fleet is running; try again when it has ended")
            if self._desired.fleet.is_first:
                raise Busy("the first servers are still starting; try again when /readyz says ready")
            yield

    @contextmanager
    def _place(self) -> Iterator[threading.Event]:
        """A place at the end of the queue; its event is set when the place is the first one."""
        is_first = threading.Event()
        with self._lock:
            self._waiting.append(is_first)
            self._waiting[0].set()
        try:
            yield is_first
        finally:
            with self._lock:
                self._waiting.remove(is_first)
                if self._waiting:
                    self._waiting[0].set()
