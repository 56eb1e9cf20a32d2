"""How long to wait before the next replacement when replacements keep dying: crash loops must not burn the host."""

from __future__ import annotations

from dataclasses import dataclass

EARLY = 10.0
"""Seconds on the ring. A failure before that is early. A later one is an accident: the server is replaced at once."""
FREE_FAILURES = 2
FIRST_DELAY = 1.0
LONGEST_DELAY = 60.0
CALM_AFTER = 30.0
"""Seconds without an early failure, beyond the delay itself, after which counting starts again."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """Early failures in quick succession; `last` is the time of the latest in seconds."""

    failures: int = 0
    last: float = 0.0

    def failed(self, now: float) -> Backoff:
        calm = now - self.last > CALM_AFTER + self.delay
        return Backoff(1 if calm else self.failures + 1, now)

    @property
    def delay(self) -> float:
        """0 after the first FREE_FAILURES, then 1, 2, 4 … seconds, at most LONGEST_DELAY."""
        beyond = self.failures - FREE_FAILURES
        return float(min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(beyond - 1, 16))) if beyond > 0 else 0.0

    def may_start(self, now: float) -> bool:
        return now - self.last >= self.delay
