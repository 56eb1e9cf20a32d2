"""Requests and what became of them, counted. Pure: all times are seconds of the monotonic clock."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from itertools import accumulate

SERVED_BY = "X-Served-By"
KEY = "X-User"
"""The header that holds a request's key, for ring profiles that ask for one."""
POST_ID = "X-Post-Id"
"""The header by which a POST is known again."""

WINDOW = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """`post`: a POST's number, empty for a GET. `own`: seconds that a server takes for the answer. `status`: 0 where no
    answer began; `attempt`: as the answer tells it; `error`: empty where the answer came whole."""

    key: str = ""
    post: str = ""
    own: float = 0.0
    began: float
    ended: float
    status: int
    attempt: int
    server: str
    error: str

    @property
    def has_failed(self) -> bool:
        return self.status != HTTPStatus.OK or bool(self.error)

    @property
    def was_cut(self) -> bool:
        """Whether it failed after its answer had begun, when nobody can repeat it any more."""
        return self.has_failed and self.status == HTTPStatus.OK

    @property
    def was_repeated(self) -> bool:
        return self.attempt > 1

    @property
    def wait(self) -> float:
        """Seconds beyond those that the servers took for its attempts."""
        return self.ended - self.began - self.own * max(1, self.attempt)

    @property
    def cause(self) -> str:
        """Of a failure, in a word or two: the status of its answer, or what kept the answer from coming."""
        return str(self.status) if self.status else self.error.partition(":")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficCounts:
    """`failed`: cause → how many idempotent requests failed of it; `edge_away`: how many did while nobody listened;
    `cut`: how many answers broke off; `posts`: how many POSTs failed, which nobody may repeat; `worst_share`: the
    largest share of repeated requests in any second; `slowest`: the longest wait beyond what
    servers took for answers; `longest`: the longest time, that of the servers included."""

    requests: int = 0
    failed: dict[str, int]
    edge_away: int = 0
    cut: int = 0
    posts: int = 0
    repeated: int = 0
    worst_share: float = 0.0
    slowest: float = 0.0
    longest: float = 0.0


def count(requests: Sequence[Request], *, rate: float = 0.0, away: tuple[float, float] | None = None) -> TrafficCounts:
    """`rate`: how many were sent in a second, though not all of them may be here; `away`: from when to when no edge was
    there."""
    idempotent = [request for request in requests if request.has_failed and not request.post]
    masked = [request for request in idempotent if not (away and _overlaps(request, away))]
    return TrafficCounts(
        requests=len(requests),
        failed=dict(Counter(request.cause for request in masked if not request.was_cut)),
        edge_away=len(idempotent) - len(masked),
        cut=sum(request.was_cut for request in masked),
        posts=sum(request.has_failed for request in requests if request.post),
        repeated=sum(request.was_repeated for request in requests),
        worst_share=worst_share(requests, rate=rate),
        slowest=max((request.wait for request in requests), default=0.0),
        longest=max((request.ended - request.began for request in requests), default=0.0),
    )


def worst_share(requests: Sequence[Request], *, rate: float = 0.0) -> float:
    """Of the requests that began within one whole WINDOW, the largest share that was repeated. There were at least
    `rate` a second."""
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
