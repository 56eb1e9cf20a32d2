"""The backoff: how long the next start waits after early failures. A crash loop must not overload the host."""

from __future__ import annotations

from dataclasses import dataclass

EARLY = 10.0
"""Seconds from when a server is ready. A failure within them is early. After a later failure the server is replaced at
once."""
FREE_FAILURES = 2
FIRST_DELAY = 1.0
LONGEST_DELAY = 60.0
CALM_AFTER = 30.0
"""Seconds without an early failure, on top of the delay, after which the count starts again."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """`failures`: how many early failures followed each other quickly. `last`: the time of the latest one, in
    seconds."""

    failures: int = 0
    last: float = 0.0

    def failed(self, now: float) -> Backoff:
        calm = now - self.last > CALM_AFTER + self.delay
        return Backoff(1 if calm else self.failures + 1, now)

    @property
    def delay(self) -> float:
        """Seconds to wait: 0 after the first FREE_FAILURES failures, then 1, 2, 4 …, at most LONGEST_DELAY."""
        beyond = self.failures - FREE_FAILURES
        return float(min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(beyond - 1, 16))) if beyond > 0 else 0.0

    def may_start(self, now: float) -> bool:
        return now - self.last >= self.delay
