"""The ring of the deployment that is loaded, as it is now and as it was when the run began."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from loadtests.swarm.ring import Ring
from loadtests.swarm.target import NotUp, Target

_FRESH = 2.0
"""Seconds: as often as the web page asks."""


class RingView:
    def __init__(self, target: Target, clock: Callable[[], float] = time.monotonic) -> None:
        self._target = target
        self._clock = clock
        self._lock = threading.Lock()
        self._asked = -_FRESH
        self._now: Ring | None = None
        self._began: Ring | None = None

    def begin(self) -> None:
        """A run begins, on the ring that is there now."""
        self._began = self.now(fresh=True)

    def now(self, *, fresh: bool = False) -> Ring | None:
        """The last one that is known; None before there is one. Asked for again after two seconds, or if it has to be
        `fresh`."""
        with self._lock:  # whoever comes while it is asked for waits for the answer
            if fresh or self._clock() >= self._asked + _FRESH:
                self._asked = self._clock()
                try:
                    self._now = self._target.ring()
                except NotUp as error:
                    logging.getLogger(__name__).warning("the predicted shares may be old: %s", error)
            return self._now

    @property
    def changed(self) -> bool:
        """Whether it is another one than when the run began."""
        return None not in (self._began, self._now) and self._began.version != self._now.version
