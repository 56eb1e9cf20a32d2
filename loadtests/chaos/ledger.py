"""What became of requests around a fault, counted. Pure: it is given requests and times in seconds."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from loadtests.fleet.steady import Request

WINDOW = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """`failed`: cause → how many idempotent requests failed of it; `edge_away`: how many did while nobody listened;
    `begun`: how many whose answer had begun already, which nobody can take back; `posts`: how many POSTs failed, which
    nobody may repeat; `worst_share`: the largest share of repeated requests in any one second."""

    requests: int = 0
    failed: dict[str, int]
    edge_away: int = 0
    begun: int = 0
    posts: int = 0
    repeated: int = 0
    worst_share: float = 0.0


def tally(requests: Sequence[Request], *, rate: float = 0.0, away: tuple[float, float] | None = None) -> Tally:
    """Of the requests that ended after a fault and before the next one; `rate`: how many are sent in a second; `away`:
    from when to when no edge was there."""
    idempotent = [request for request in requests if request.has_failed and not request.post]
    masked = [request for request in idempotent if not (away and _overlaps(request, away))]
    return Tally(
        requests=len(requests),
        failed=dict(Counter(cause(request) for request in masked if not request.had_begun)),
        edge_away=len(idempotent) - len(masked),
        begun=sum(request.had_begun for request in masked),
        posts=sum(request.has_failed for request in requests if request.post),
        repeated=sum(request.was_repeated for request in requests),
        worst_share=worst_share(requests, rate=rate),
    )


def cause(request: Request) -> str:
    """Of a failed request, in a word or two: the status of its answer, or what kept the answer from coming."""
    return str(request.status) if request.status else request.error.partition(":")[0]


def worst_share(requests: Sequence[Request], *, rate: float = 0.0) -> float:
    """Of the requests that began within one whole WINDOW, the largest share that was repeated. There were at least
    `rate` a second, though some may not be here: beside one that took long those that began with it ended before."""
    ordered = sorted(requests, key=lambda request: request.began)
    begins = [request.began for request in ordered]
    repeated = [0, *accumulate(request.was_repeated for request in ordered)]
    first_of_last = bisect_left(begins, begins[-1] - WINDOW) if begins else 0
    firsts = {min(number, first_of_last) for number, request in enumerate(ordered) if request.was_repeated}
    windows = ((first, bisect_right(begins, begins[first] + WINDOW)) for first in firsts)
    shares = ((repeated[last] - repeated[first]) / max(last - first, rate * WINDOW) for first, last in windows)
    return max(shares, default=0.0)


def _overlaps(request: Request, away: tuple[float, float]) -> bool:
    return request.ended >= away[0] and request.began <= away[1]
