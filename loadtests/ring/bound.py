"""Bounded load measured: a hundred requests in flight, for few keys that many ask for, placed as the flask plane does.

Source of the setting: Mirrokni, Thorup, Zadimoghaddam 2018; popularity of keys as Zipf's law has it.
"""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate
from statistics import mean

from balancer.adapters.flask_plane.placement import Placement
from balancer.core.request_hash import REQUEST_HASHES, REQUEST_IDS
from balancer.core.routes import Backend, Routes
from balancer.core.strategies import Course, Strategy, Table
from loadtests.ring.contest import placed
from loadtests.ring.markdown import table

SERVERS = 10
IN_FLIGHT = 100
BOUNDS = {"off": None, "c = 1.5": Fraction("1.5"), "c = 1.25": Fraction("1.25")}
_KEYS = 10_000
_EXPONENT = 1.1


@dataclass(frozen=True, slots=True)
class Load:
    """`in_flight`: of each server, on average; `peak`: the busiest one's at a moment ÷ the mean, on average; `away`:
    the part of all requests that their own server did not get."""

    in_flight: Sequence[float]
    peak: float
    away: float


def load(strategy: Strategy, bound: Fraction | None, *, requests: int = 4000) -> Load:
    """In a steady state: whenever a hundred are in flight, the oldest ends."""
    routes = _routes(strategy, bound)
    placement = Placement(routes)
    in_flight: Counter[str] = Counter()
    running: deque[str] = deque()
    total: Counter[str] = Counter()
    peaks: list[float] = []
    away = 0
    for key in _popular_keys(requests):
        slot = placement.slot(key)
        server = placement.server(slot, (), in_flight).instance
        away += server != routes.slots[slot]
        in_flight[server] += 1
        running.append(server)
        if len(running) == IN_FLIGHT:
            total.update(in_flight)
            peaks.append(max(in_flight.values()) * SERVERS / IN_FLIGHT)
            in_flight[running.popleft()] -= 1
    names = [backend.instance for backend in routes.backends]
    return Load([total[name] / len(peaks) for name in names], mean(peaks), away / requests)


def bound_table(*, requests: int) -> str:
    rows: dict[str, dict[str, str]] = {}
    for strategy in (Table(), Course()):
        loads = {title: load(strategy, bound, requests=requests) for title, bound in BOUNDS.items()}
        rows[strategy.name] = {title: f"{found.peak:.2f}, {found.away:.0%}" for title, found in loads.items()}
    return table(
        f"Bounded load, N = {SERVERS}, {IN_FLIGHT} in flight, Zipf {_EXPONENT} over {_KEYS} keys: p2m, away from home",
        rows,
        first="strategy",
    )


def _routes(strategy: Strategy, bound: Fraction | None) -> Routes:
    servers = range(1, SERVERS + 1)
    return Routes(
        tuple(f"S{owner}" for owner in placed(strategy, servers).owners),
        tuple(Backend(f"S{server}", "") for server in servers),
        request_hash=REQUEST_HASHES[strategy.usual_hash],
        bound=bound,
    )


def _popular_keys(count: int) -> list[bytes]:
    """The k-th most popular key has a probability of 1 / k^1.1, times a constant."""
    chance = random.Random(1)  # noqa: S311 (it repeats itself)
    keys = [b"%d" % request_id for request_id in chance.sample(REQUEST_IDS, _KEYS)]
    return chance.choices(
        keys, cum_weights=list(accumulate(1 / rank**_EXPONENT for rank in range(1, _KEYS + 1))), k=count
    )
