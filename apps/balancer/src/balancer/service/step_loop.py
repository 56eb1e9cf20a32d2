"""When the next step of the reconciler comes: at once when something calls for it, else after a pause."""

from __future__ import annotations

import threading
from collections.abc import Callable

_LONGEST_PAUSE = 1.0
"""Seconds between two steps when nothing calls for one."""
_SHORTEST_PAUSE = 0.05
"""Seconds between a step that was called for and the next one. The pause then doubles up to the longest: the engine
announces some changes a moment before its list of containers shows them."""


class StepLoop:
    """Any thread may set `wake` to call for a step at once."""

    def __init__(self, step: Callable[[], None], *, wake: threading.Event) -> None:
        self.wake = wake
        self._step = step
        self._pause = _SHORTEST_PAUSE

    def round(self) -> float:
        self._step()
        called_for = self.wake.wait(self._pause)
        self.wake.clear()
        self._pause = _SHORTEST_PAUSE if called_for else min(_LONGEST_PAUSE, 2 * self._pause)
        return 0.0
