"""The heartbeat timeout: how long a heartbeat may take. It grows while the answers of the whole fleet are slow."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartbeatTimeout:
    """All times are in seconds. A heartbeat may take its timeout longer than good answers take now, but at most `most`
    times its timeout. The reason: on an overloaded machine all servers look hung, and replacing them adds to the load.

    The time of good answers is a mean plus twice a deviation. Both follow the latest answers of the whole fleet, as
    TCP's retransmission timer does (RFC 6298). A heartbeat that was sent after the newest answered one may take the
    longest time.
    """

    most: float = 5.0
    mean: float = 0.0
    deviation: float = 0.0
    answered_sent: float = -inf
    """When the newest answered heartbeat of the whole fleet was sent."""

    def after_answer(self, sent: float, now: float) -> HeartbeatTimeout:
        """The timeout after one more good answer, at the time `now`, to a heartbeat of the time `sent`."""
        seconds = now - sent
        return HeartbeatTimeout(
            most=self.most,
            mean=self.mean + (seconds - self.mean) / 8,
            deviation=self.deviation + (abs(seconds - self.mean) - self.deviation) / 4,
            answered_sent=max(self.answered_sent, sent),
        )

    def deadline(self, sent: float, timeout: float) -> float:
        """The time when a heartbeat with that timeout, sent at the time `sent`, counts as missed. It grows with
        `sent`."""
        longest = self.most * timeout
        if sent > self.answered_sent:
            return sent + longest
        return sent + min(timeout + self.mean + 2 * self.deviation, longest)
