"""How long a heartbeat may take: longer while the answers of the whole fleet are slow."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartbeatTimeout:
    """All times are in seconds. A heartbeat may take `timeout` more than good answers take now, but at most `most`
    times `timeout`. On an overloaded machine all servers look hung, and to replace them would add to the load.

    What answers take is a mean plus twice a deviation. Both follow the latest answers of the whole fleet, as TCP's
    retransmission timer does (RFC 6298). A heartbeat that was sent after the last answered one may take longest.
    """

    timeout: float
    most: float = 5.0
    mean: float = 0.0
    deviation: float = 0.0
    answered_sent: float = -inf
    """When the newest heartbeat was sent that any server answered."""

    def after_answer(self, sent: float, now: float) -> HeartbeatTimeout:
        """The timeout after one more good answer, which came `now` to a heartbeat `sent` then."""
        seconds = now - sent
        return replace(
            self,
            mean=self.mean + (seconds - self.mean) / 8,
            deviation=self.deviation + (abs(seconds - self.mean) - self.deviation) / 4,
            answered_sent=max(self.answered_sent, sent),
        )

    def deadline(self, sent: float) -> float:
        """When a heartbeat that was sent then counts as missed. Grows with `sent`."""
        longest = self.most * self.timeout
        if sent > self.answered_sent:
            return sent + longest
        return sent + min(self.timeout + self.mean + 2 * self.deviation, longest)
