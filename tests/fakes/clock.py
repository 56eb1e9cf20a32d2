"""A fake clock: its time passes only when a caller sleeps."""

from __future__ import annotations

import threading


class FakeClock:
    """A Clock. `sleep` returns at once and adds the seconds to the time."""

    def __init__(self) -> None:
        self._now = 1000.0
        self._lock = threading.Lock()

    def now(self) -> float:
        return self._now

    def time(self) -> float:
        return 1_600_000_000.0 + self._now

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self._now += seconds
