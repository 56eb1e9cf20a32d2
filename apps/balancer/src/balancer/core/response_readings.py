"""The mean response time of recent responses, from two counters that only grow."""

from __future__ import annotations

from dataclasses import dataclass

RECENT = 1.0
"""Seconds that the mean covers at least."""
ENOUGH = 50
"""Responses that a mean needs at least. One slow request must not start a server."""
MEMORY = 60.0
"""Seconds for which readings are kept."""


@dataclass(frozen=True, slots=True)
class ResponseReadings:
    """Samples of two counters: the responses so far, and the seconds that all of them took. Each item of `readings` is
    (time in seconds, responses, seconds)."""

    readings: tuple[tuple[float, int, float], ...] = ()

    def with_reading(self, at: float, *, responses: int, seconds: float) -> ResponseReadings:
        remembered = (reading for reading in self.readings if at - reading[0] <= MEMORY)
        return ResponseReadings((*remembered, (at, responses, seconds)))

    @property
    def mean(self) -> float:
        """Seconds a response. The mean begins at the newest reading that is RECENT seconds old and has ENOUGH responses
        after it. Where no reading is that old, it begins at the oldest reading with ENOUGH responses after it. 0 where
        no reading has ENOUGH responses after it."""
        if not self.readings:
            return 0.0
        now, responses, seconds = self.readings[-1]
        enough = [reading for reading in self.readings if responses - reading[1] >= ENOUGH]
        if not enough:
            return 0.0
        _, before, took = next((reading for reading in reversed(enough) if now - reading[0] >= RECENT), enough[0])
        return max(0.0, (seconds - took) / (responses - before))
