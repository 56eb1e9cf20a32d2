"""How busy the fleet is, and how response times that are only counted up become a mean of recent ones."""

from __future__ import annotations

from dataclasses import dataclass

RECENT = 1.0
"""Seconds of which a mean is taken at least."""
ENOUGH = 50
"""So many responses make a mean: fewer say little, and one slow request calls for nothing."""
MEMORY = 60.0
"""Seconds for which responses are remembered until there are ENOUGH."""


@dataclass(frozen=True, slots=True)
class Load:
    """`in_flight`: requests at all servers, waiting ones too. `latency`: seconds from a request to the head of its
    response, the mean of recent ones; 0 where a minute had too few to say."""

    in_flight: int
    latency: float


@dataclass(frozen=True, slots=True)
class Looks:
    """What was seen of two counters that only grow: responses, and the seconds that all of them took. Of `seen` every
    item is a time in seconds and the two counters then."""

    seen: tuple[tuple[float, int, float], ...] = ()

    def look(self, at: float, *, responses: int, seconds: float) -> Looks:
        remembered = (item for item in self.seen if at - item[0] <= MEMORY)
        return Looks((*remembered, (at, responses, seconds)))

    @property
    def mean(self) -> float:
        """Seconds a response, of those since the latest look that was RECENT seconds ago and has ENOUGH after it; of
        all that are remembered where no look is so old."""
        if not self.seen:
            return 0.0
        now, responses, seconds = self.seen[-1]
        enough = [item for item in self.seen if responses - item[1] >= ENOUGH]
        if not enough:
            return 0.0
        _, before, took = next((item for item in reversed(enough) if now - item[0] >= RECENT), enough[0])
        return max(0.0, (seconds - took) / (responses - before))
