"""What each kind of fault or call may cost: the one place that says so. Pure.

Each number follows from what docs/fleet.md and docs/operations.md promise, with BUSY for a busy machine of two cores.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import floor, sqrt
from statistics import median

from loadtests.traffic import TrafficCounts

BUSY = 1.0
"""Seconds by which a busy machine of two cores may delay anything."""
HELD_UP = 3.0
"""Seconds for which a busy machine may hold up one request of thousands: 2.73 were measured beside other tests."""
HANG_TIMEOUT = 10.0
"""Seconds of hang_timeout, by its default."""
LARGEST_SHARE = 0.5
"""Of the requests, at the server that is hit: weights go to 3, and four others weigh 1 at least."""
WRITING = 0.001
"""Seconds that a server takes to write an answer that it sends in one piece."""
RETRY_BUDGET = 0.1
"""The share of a second's requests that one crash may have repeated."""
UNANSWERED = 0.25
"""Seconds until the edge gives up a connection that nobody answers or refuses: so long it may not know of the fault."""
PROMOTED = 0.1
"""Seconds from the engine's event until a spare serves, in the median."""
REPLACED = 2.0
"""How many times as long as `docker run` a replacement without spares takes, in the median: 1.24 was measured."""
LEAST_SENT = 0.9
_HICCUP = 0.5
"""Seconds for which the load itself may be held up, beside LEAST_SENT."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """`delay`: seconds by which a request may be late, beside HELD_UP. `exposed`: seconds for which a server that will
    not answer may be sent requests; a POST that it got is lost. `killed`: processes that die with answers half written.
    `repeated`: the share of a second's requests. `edge_away`: seconds for which nobody may listen. `unattended`:
    seconds for which nobody takes a failed server off the map. `off_ring`, `whole`: seconds until a failed server is
    off the ring and until N servers serve again; None: no promise."""

    delay: float = 0.0
    exposed: float = 0.0
    killed: int = 0
    repeated: float = 0.0
    edge_away: float = 0.0
    unattended: float = 0.0
    off_ring: float | None = None
    whole: float | None = None

    @property
    def slowest(self) -> float:
        """Seconds by which a request may be late."""
        return self.delay + HELD_UP

    def __add__(self, other: Bounds) -> Bounds:
        """Of both, close together: a request may be hit by the one after the other. Then nobody knows the times."""
        return Bounds(
            delay=self.delay + other.delay,
            exposed=self.exposed + other.exposed,
            killed=self.killed + other.killed,
            repeated=min(1.0, self.repeated + other.repeated),
            edge_away=self.edge_away + other.edge_away,
            unattended=self.unattended + other.unattended,
        )

    @property
    def prolonged(self) -> Bounds:
        """With what a failed server costs besides while nobody takes it off the map: all that its slots get is
        repeated until then."""
        if not self.unattended or not self.repeated:
            return self
        return replace(
            self,
            delay=self.delay + self.unattended,
            exposed=self.exposed + self.unattended,
            repeated=min(1.0, self.repeated + LARGEST_SHARE),
        )


_HANGS = 0.8
"""Two missed heartbeats, 0.2 s apart, of 0.4 s each."""
_KILLS = 0.7
"""The engine kills a hung server."""
_STARTS = 8.0
"""A container's start, 0.6 s on a machine with nothing else to do and ten times as long on a busy one."""

_CRASH = Bounds(delay=0.5, exposed=0.1, killed=1, repeated=RETRY_BUDGET, off_ring=BUSY, whole=_STARTS)
"""An event in milliseconds; a connection that is not answered is given up after 0.25 s, twice at most."""
_LEAVES = replace(_CRASH, killed=0, off_ring=2 * BUSY)
"""It finishes what it has; the process takes its time to end."""
_HANG = Bounds(
    delay=_HANGS + _KILLS,
    exposed=_HANGS + _KILLS,
    killed=1,
    repeated=LARGEST_SHARE,
    off_ring=_HANGS + BUSY,
    whole=_HANGS + _STARTS,
)
"""What waits at it is repeated all at once, when it is killed."""
_PAUSE = replace(_HANG, delay=_KILLS + 0.5, off_ring=BUSY)
"""The engine tells it at once."""
_DEADLOCK = replace(_HANG, delay=HANG_TIMEOUT + 1 + _KILLS, whole=HANG_TIMEOUT + 1 + _STARTS)
"""It has open requests, and may be busy: it is off the ring as soon as others that hang, and killed much later."""
_ILL = replace(_HANG, whole=2 * _HANGS + _STARTS)
"""It finishes what it has; then it has to miss as many heartbeats again."""
_RESTARTS = 2 * BUSY
"""The balancer is back after 1.5 s at most."""
_RETURNS = 5.0
_EDGE = Bounds(delay=_RETURNS, killed=1, edge_away=_RETURNS, whole=_RETURNS)
"""Who comes meanwhile fails, or waits until it is back."""
NOTHING = Bounds()

BOUNDS: dict[str, Bounds] = {
    "docker kill": _CRASH,
    "docker stop": _LEAVES,
    "docker rm -f": _CRASH,
    "OOM kill": replace(_CRASH, off_ring=2 * BUSY),
    "process exit": _LEAVES,
    "network disconnect": replace(_CRASH, delay=3.5, repeated=RETRY_BUDGET + UNANSWERED * LARGEST_SHARE),
    "docker pause": _PAUSE,
    "SIGSTOP": _HANG,
    "accepts, never answers": _DEADLOCK,
    "heartbeat 500": _ILL,
    "slow heartbeat": _ILL,
    "spare killed": NOTHING,
    "balancer kill -9": replace(NOTHING, unattended=_RESTARTS, whole=_STARTS),
    "balancer's state lost": replace(NOTHING, unattended=_RESTARTS, whole=_STARTS),
    "edge kill -9": _EDGE,
    "engine restart": Bounds(delay=60.0, exposed=60.0, killed=10, repeated=1.0, edge_away=60.0, whole=60.0),
    "/add": NOTHING,
    "/rm": NOTHING,
    "/add and /rm at once": NOTHING,
    "PUT /ring": NOTHING,
    "PATCH /servers": NOTHING,
    "POST /deploy": NOTHING,
    "POST /deploy, broken": NOTHING,
    "DELETE /deploy": NOTHING,
}


def exceeded(
    counts: TrafficCounts, bounds: Bounds, *, rate: float, posts: float, away: float = 0.0, writing: float = WRITING
) -> list[str]:
    """A line for each bound that is broken. `rate` and `posts`: requests and POSTs a second; `away`: seconds for which
    no edge was there; `writing`: seconds that an answer takes from its first byte to its last."""
    bounds = bounds.prolonged
    cut = at_most(rate * (bounds.killed * LARGEST_SHARE * writing))
    lost_posts = at_most(posts * (bounds.exposed * LARGEST_SHARE + away))
    edge_away = at_most(rate * (away + BUSY / 10))
    return [
        *(f"{number} idempotent requests failed: {cause}" for cause, number in counts.failed.items()),
        *_above("idempotent requests failed while the edge was away", counts.edge_away, edge_away),
        *_above("answers were cut off", counts.cut, cut),
        *_above("POSTs failed", counts.posts, lost_posts),
        *_above("s is the longest wait", round(counts.slowest, 2), bounds.slowest),
        *_above("of a second's requests were repeated", round(counts.worst_share, 3), bounds.repeated),
    ]


def late(bounds: Bounds, *, off_ring: float | None, whole: float | None) -> list[str]:
    """A line for each time that took longer than promised."""
    times = (("off the ring", off_ring, bounds.off_ring), ("whole again", whole, bounds.whole))
    return [
        f"{name} after {seconds:.2f} s, promised within {most:g}"
        for name, seconds, most in times
        if seconds is not None and most is not None and seconds > most
    ]


def too_slow(taken: Sequence[float], bare: Sequence[float]) -> list[str]:
    """A line where promotions, or replacements beside as many bare starts of containers, took longer than promised."""
    if not bare:
        most = median(taken)
        return [f"a spare serves after {most:.3f} s, promised within {PROMOTED:g}"] if most > PROMOTED else []
    ratio = median(ours / theirs for ours, theirs in zip(taken, bare, strict=True))
    return [f"a replacement takes {ratio:.2f} times as long as docker run, at most {REPLACED:g}"] * (ratio > REPLACED)


def unsent(*, sent: int, left_out: int, rate: float, seconds: float) -> list[str]:
    """What the load did not send of `rate` requests a second, beside what a busy machine explains."""
    least = rate * (LEAST_SENT * seconds - _HICCUP)
    return [
        *([f"only {sent} requests were sent in {seconds:.1f} s at {rate:g} a second"] if sent < least else []),
        *([f"{left_out} requests were not sent: too many were open"] if left_out else []),
    ]


def at_most(mean: float) -> int:
    """Four standard deviations above what is expected of independent arrivals."""
    return floor(mean + 4 * sqrt(mean))


def _above(what: str, number: float, most: float) -> list[str]:
    return [f"{number:g} {what}, at most {most:g} may"] if number > most else []
