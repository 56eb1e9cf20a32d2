"""The step loop: it decides when the next step of the reconciler comes, at once on a call, else after a pause."""

from __future__ import annotations

import threading
from collections.abc import Callable

_LONGEST_PAUSE = 1.0
"""The longest time between two steps, in seconds, while nothing calls for one."""
_SHORTEST_PAUSE = 0.05
"""Seconds between a step that was called for and the next one. After that the pause doubles, up to the longest. The
early further steps are needed because the engine announces some changes before its list of containers shows them."""


class StepLoop:
    """Any thread may set `wake` to call for the next step at once."""

    def __init__(self, step: Callable[[], None], *, wake: threading.Event) -> None:
        self._wake = wake
        self._step = step
        self._pause = _SHORTEST_PAUSE

    def round(self) -> float:
        self._step()
        called_for = self._wake.wait(self._pause)
        self._wake.clear()
        self._pause = _SHORTEST_PAUSE if called_for else min(_LONGEST_PAUSE, 2 * self._pause)
        return 0.0
