"""When a fake adapter fails: not at all, from some call on, or for a few calls."""

from __future__ import annotations

import threading


class Fault:
    """Asked once by every call that could fail."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.clear()

    def arm(self, *, after: int = 0, times: int | None = None) -> None:
        """`after` more calls go well; then `times` calls fail, all of them where it is None."""
        with self._lock:
            self._well, self._ill = after, times

    def clear(self) -> None:
        self.arm(times=0)

    @property
    def strikes(self) -> bool:
        with self._lock:
            if self._well > 0:
                self._well -= 1
                return False
            if self._ill is None:
                return True
            self._ill -= 1
            return self._ill >= 0
