"""Response times at the edge: turns HAProxy's mean back into the sum of the times that it was made of.

`rtime` in `show stat` is the plain mean of the first 512 response times. After that it is an exponential mean: each
further response removes a 512th of the sum and adds its own time (src/stream.c, stream_update_time_stats, and
include/haproxy/freq_ctr.h of HAProxy 3.0). Such a mean is old where few requests come: minutes old at one request a
second. Two readings, and the number of responses between them, give the mean of just these responses.
"""

from __future__ import annotations

from dataclasses import dataclass

_WINDOW = 512
_KEPT = 1 - 1 / _WINDOW
"""The part of the sum that is left after a further response."""


@dataclass(frozen=True, slots=True)
class ResponseTimes:
    """`count`, `mean`: the last reading of one HAProxy process: responses so far, and `rtime` in ms. `ended`,
    `seconds`: the result over all readings and processes: responses, and the seconds that they took, right to about
    half a second."""

    count: int = 0
    mean: float = 0.0
    ended: int = 0
    seconds: float = 0.0

    def updated(self, count: int, mean: float) -> ResponseTimes:
        """The result after one more reading. A process whose count is smaller than before is a new one."""
        known, known_mean = (self.count, self.mean) if count >= self.count else (0, 0.0)
        newer = count - known
        plain = max(0, min(count, _WINDOW) - known)
        kept = _KEPT ** (newer - plain)
        weight = plain * kept + (1 - kept) * _WINDOW
        fresh = mean * min(count, _WINDOW) - known_mean * min(known, _WINDOW) * kept
        took = newer * fresh / weight / 1000 if newer else 0.0
        return ResponseTimes(count, mean, self.ended + newer, self.seconds + took)
