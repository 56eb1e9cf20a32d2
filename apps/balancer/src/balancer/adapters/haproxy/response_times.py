"""HAProxy's mean response time, turned back into a sum of the responses that it was made of.

`rtime` in `show stat` is the sum of the first 512 response times over their number, and after that an exponential mean:
each further response takes a 512th of the sum away and adds itself (src/stream.c, stream_update_time_stats, and
include/haproxy/freq_ctr.h of HAProxy 3.0). Such a mean is old where few requests come: of one a second it would be
minutes old. Two readings of it, and the number of responses between them, give the mean of just these.
"""

from __future__ import annotations

from dataclasses import dataclass

_WINDOW = 512
_KEPT = 1 - 1 / _WINDOW
"""What a further response leaves of the sum."""


@dataclass(frozen=True, slots=True)
class ResponseTimes:
    """What one HAProxy process shows, `count` responses and their `mean` in ms, and what is made of it: over all
    readings and processes, responses that `ended` and the `seconds` they took, right to half a second or so."""

    count: int = 0
    mean: float = 0.0
    ended: int = 0
    seconds: float = 0.0

    def updated(self, count: int, mean: float) -> ResponseTimes:
        """A process that has counted less than before is a new one."""
        known, known_mean = (self.count, self.mean) if count >= self.count else (0, 0.0)
        newer = count - known
        plain = max(0, min(count, _WINDOW) - known)
        kept = _KEPT ** (newer - plain)
        weight = plain * kept + (1 - kept) * _WINDOW
        fresh = mean * min(count, _WINDOW) - known_mean * min(known, _WINDOW) * kept
        took = newer * fresh / weight / 1000 if newer else 0.0
        return ResponseTimes(count, mean, self.ended + newer, self.seconds + took)
