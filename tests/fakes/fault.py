"""A fault of a fake adapter: it fails never, from some call on, or for a few calls."""

from __future__ import annotations

import threading


class Fault:
    """Every call that can fail reads `strikes` once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.clear()

    def arm(self, *, after: int = 0, times: int | None = None) -> None:
        """`after` more calls succeed. Then `times` calls fail; None for all calls."""
        with self._lock:
            self._well, self._ill = after, times

    def clear(self) -> None:
        self.arm(times=0)

    @property
    def hits(self) -> bool:
        with self._lock:
            if self._well > 0:
                self._well -= 1
                return False
            if self._ill is None:
                return True
            self._ill -= 1
            return self._ill >= 0
