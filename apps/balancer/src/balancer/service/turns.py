"""Whose turn it is: changes of the fleet are carried out one at a time, in the order in which they came."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from balancer.core.errors import Busy
from balancer.service.desired import DesiredFleet


class Turns:
    """`patience` is how many seconds a change waits for those before it."""

    def __init__(self, *, desired: DesiredFleet, patience: float) -> None:
        self._desired = desired
        self._patience = patience
        self._lock = threading.Lock()
        self._queue: deque[threading.Event] = deque()

    @contextmanager
    def one_at_a_time(self) -> Iterator[None]:
        """Whoever heads the queue has the turn. Gives up with Busy, also before there is a fleet."""
        if not self._desired.restored:
            raise Busy("the balancer is still taking up its fleet; try again in a moment")
        with self._in_the_queue() as turn:
            if not turn.wait(self._patience):
                raise Busy("another change of the fleet is running; try again when it has ended")
            if self._desired.fleet.is_first:
                raise Busy("the first servers are still starting; try again when /readyz says ready")
            yield

    @contextmanager
    def _in_the_queue(self) -> Iterator[threading.Event]:
        turn = threading.Event()
        with self._lock:
            self._queue.append(turn)
            self._queue[0].set()
        try:
            yield turn
        finally:
            with self._lock:
                self._queue.remove(turn)
                if self._queue:
                    self._queue[0].set()
