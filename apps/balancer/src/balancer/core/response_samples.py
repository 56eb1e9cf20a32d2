"""The mean response time of recent responses, from two counters that only grow."""

from __future__ import annotations

from dataclasses import dataclass

RECENT = 1.0
"""Seconds that the mean covers at least."""
ENOUGH = 50
"""Responses that a mean needs at least. One slow request must not start a server."""
MEMORY = 60.0
"""Seconds for which samples are kept."""


@dataclass(frozen=True, slots=True)
class ResponseSamples:
    """Samples of two counters: the responses so far, and the seconds that all of them took. Each item of `samples` is
    (time in seconds, responses, seconds)."""

    samples: tuple[tuple[float, int, float], ...] = ()

    def with_sample(self, at: float, *, responses: int, seconds: float) -> ResponseSamples:
        remembered = (sample for sample in self.samples if at - sample[0] <= MEMORY)
        return ResponseSamples((*remembered, (at, responses, seconds)))

    @property
    def mean(self) -> float:
        """Seconds a response. The mean begins at the newest sample that is RECENT seconds old and has ENOUGH responses
        after it. Where no sample is that old, it begins at the oldest sample with ENOUGH responses after it. 0 where no
        sample has ENOUGH responses after it."""
        if not self.samples:
            return 0.0
        now, responses, seconds = self.samples[-1]
        enough = [sample for sample in self.samples if responses - sample[1] >= ENOUGH]
        if not enough:
            return 0.0
        _, before, took = next((sample for sample in reversed(enough) if now - sample[0] >= RECENT), enough[0])
        return max(0.0, (seconds - took) / (responses - before))
