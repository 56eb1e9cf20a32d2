"""When the loss of servers counts as detected, and which requests failed before and after that. Pure.

A loss is **detected** when the last of the lost servers has its first `silent` or `failed` in the event log, and 2 s
after it began at the latest: so much is promised, and where the balancer is lost, too, nobody writes a log. A request
belongs to the time at which it began. One that began before the detection may be at a server that is lost, and is not
promised to anybody; one that began afterwards has to be answered. All moments are seconds of the monotonic clock.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from loadtests.traffic import Request

PROMISED = 2.0
_DETECTED = ("silent", "failed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """`seconds`: to the detection. `causes`: of the failures after it, cause → how many."""

    requests: int
    failed_before: int
    failed_after: int
    seconds: float
    causes: Mapping[str, int]

    @property
    def figures(self) -> dict[str, Any]:
        return {
            "requests": self.requests,
            "failed before detection": self.failed_before,
            "failed after detection": self.failed_after,
            "seconds to detection": round(self.seconds, 2),
        }


def detected_at(began: float, lost: Collection[str], events: Iterable[Mapping[str, Any]], *, epoch: float) -> float:
    """`began`: the moment of the loss; `lost`: hostnames; `events`: as GET /events tells them; `epoch`: the time since
    1970 at moment 0."""
    seen: dict[str, float] = {}
    for event in events:
        moment = datetime.fromisoformat(event["time"]).timestamp() - epoch
        if event["kind"] in _DETECTED and event["server"] in lost and moment >= began:
            seen.setdefault(event["server"], moment)
    latest = began + PROMISED
    return min(latest, max(seen.values())) if lost and set(lost) <= set(seen) else latest


def judge(requests: Sequence[Request], *, began: float, detected: float) -> Verdict:
    failed = [request for request in requests if request.has_failed]
    after = [request for request in failed if request.began > detected]
    return Verdict(
        requests=len(requests),
        failed_before=len(failed) - len(after),
        failed_after=len(after),
        seconds=detected - began,
        causes=dict(Counter(request.cause for request in after)),
    )
