"""The change queue: changes of the fleet are made one at a time, in the order in which they came. Only a bounded number
of users may wait in it, because each of them occupies a thread that answers requests."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice

from balancer.core.errors import Busy, TooManyWait
from balancer.service.desired import DesiredFleet

MOST_WAITING = 8
"""The most users' changes that wait for their turn."""


@dataclass(frozen=True, slots=True, eq=False)
class _Place:
    """`is_own`: the balancer itself wants the change: a surge of a deploy, or the autoscaler."""

    is_own: bool
    is_first: threading.Event = field(default_factory=threading.Event)


class ChangeQueue:
    """`timeout`: the longest time, in seconds, that a user's change waits for the changes before it."""

    def __init__(self, *, desired: DesiredFleet, timeout: float) -> None:
        self._desired = desired
        self._timeout = timeout
        self._lock = threading.Lock()
        self._waiting: deque[_Place] = deque()

    @contextmanager
    def turn(self, *, is_own: bool = False) -> Iterator[None]:
        """Waits until the change is first in the queue, and then runs the block. Raises Busy while the fleet is not
        restored or its first servers are still starting. Raises TooManyWait at once where MOST_WAITING users wait, and
        Busy where the changes before it take too long. The balancer's own changes wait as long as it takes. Raises
        Superseded where another balancer has taken over."""
        self._desired.check()
        if not self._desired.restored:
            raise Busy("the balancer is still taking up its fleet; try again in a moment")
        with self._place(is_own) as is_first:
            if not is_first.wait(None if is_own else self._timeout):
                raise Busy("another change of the fleet is running; try again when it has ended")
            if self._desired.fleet.is_first:
                raise Busy("the first servers are still starting; try again when /readyz says ready")
            yield

    @contextmanager
    def _place(self, is_own: bool) -> Iterator[threading.Event]:
        """A place at the end of the queue. The event that it yields is set when the place has become the first one."""
        place = _Place(is_own)
        with self._lock:
            users = sum(not waiting.is_own for waiting in islice(self._waiting, 1, None))
            if users >= MOST_WAITING and not is_own:
                raise TooManyWait(f"{users} changes of the fleet wait for their turn already; try again in a moment")
            self._waiting.append(place)
            self._waiting[0].is_first.set()
        try:
            yield place.is_first
        finally:
            with self._lock:
                self._waiting.remove(place)
                if self._waiting:
                    self._waiting[0].is_first.set()
