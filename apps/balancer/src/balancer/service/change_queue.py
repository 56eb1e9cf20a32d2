"""The change queue: changes of the fleet are made one at a time, in the order in which they came."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from balancer.core.errors import Busy
from balancer.service.desired import DesiredFleet


class ChangeQueue:
    """`timeout`: the longest time, in seconds, that a change waits for the changes before it."""

    def __init__(self, *, desired: DesiredFleet, timeout: float) -> None:
        self._desired = desired
        self._timeout = timeout
        self._lock = threading.Lock()
        self._waiting: deque[threading.Event] = deque()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Waits until the change is first in the queue, and then runs the block. Raises Busy where the changes before
        it take too long, and while the fleet is not restored or its first servers are still starting."""
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
        """A place at the end of the queue. The event that it yields is set when the place has become the first one."""
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
