"""The ring measured: how fast, how even, how much moves, beside uhashring in the same run; and an edge's swap.

Prints Markdown tables and whether the targets are met; says on standard error what it is doing.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

PROJECT = Path(__file__).parents[2]
sys.path[:0] = [str(PROJECT), str(PROJECT / "apps" / "balancer" / "src")]

from balancer.core.request_hash import REQUEST_IDS  # noqa: E402 (the search path comes first)
from loadtests.ring import edge_swap, quality, speed  # noqa: E402
from loadtests.ring.bound import bound_table  # noqa: E402
from loadtests.ring.edge_swap import Swap  # noqa: E402
from loadtests.ring.quality import Qualities  # noqa: E402
from loadtests.ring.speed import Races  # noqa: E402
from loadtests.running import CannotMeasure  # noqa: E402

PROMISED_P2M = {3: 1.002, 6: 1.008, 10: 1.016, 32: 1.000}
"""Of `table` at N servers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How much is measured. `seconds`: about what a race may take; `swaps` of an edge, 0 for none."""

    slots: Sequence[int] = (512, 4096, 65536)
    fleets: Sequence[int] = (3, 10, 100, 1000)
    rounds: tuple[int, int] = (5, 25)
    seconds: float = 8
    even_fleets: Sequence[int] = (3, 6, 10, 32, 100)
    sets: int = 15
    new_fleets: Sequence[int] = (3, 6, 10, 32)
    request_ids: Sequence[int] = REQUEST_IDS
    bounded: int = 4000
    swaps: int = 40


@dataclass(frozen=True, slots=True)
class Target:
    promise: str
    measured: str
    met: bool

    def __str__(self) -> str:
        return f"- {self.promise}: {self.measured}: {'met' if self.met else 'MISSED'}"


def run(plan: Plan) -> Iterator[str | Target]:
    """The tables as they come, then the targets."""
    races: dict[tuple[int, int], dict[str, dict[str, speed.Timing]]] = {}
    for slots, servers in product(plan.slots, plan.fleets):
        _tell(f"speed: M = {slots}, N = {servers}")
        races[slots, servers] = speed.race(slots, servers, rounds=plan.rounds, seconds=plan.seconds)
    yield from speed.tables(races)
    _tell("quality")
    qualities = quality.qualities(plan.even_fleets, sets=plan.sets)
    yield from quality.tables(qualities)
    yield quality.new_deployments(plan.new_fleets)
    _tell("request hashes, bounded load")
    yield speed.hash_table(plan.request_ids)
    yield bound_table(requests=plan.bounded)
    swaps: Mapping[int, Swap] = {}
    if plan.swaps:
        swaps = edge_swap.measure(plan.slots, rounds=plan.swaps, tell=_tell)
        yield edge_swap.swap_table(swaps)
    yield from [*_even(qualities), *_fast(races), *_swapped(swaps)]


def _even(qualities: Qualities) -> Iterator[Target]:
    """Every single set of servers has to keep the promise."""
    for servers in sorted(qualities.keys() & PROMISED_P2M.keys()):
        found = {round(one.p2m, 3) for one in qualities[servers]["table"]}
        promised = PROMISED_P2M[servers]
        yield Target(f"table, N = {servers}: p2m {promised:.3f}", _listed(found), found == {promised})
    moves = {round(part, 6) for of in qualities.values() for one in of["table"] for part in (one.add, one.removal)}
    yield Target("table: a change moves the least possible, x 1.000", _listed(moves), moves == {1.0})


def _fast(races: Races) -> Iterator[Target]:
    for slots, fleets, limit in ((512, (3, 10, 100), 2), (65536, (1000,), 100)):
        taken = [
            of[kind]["table"].median / 1e6
            for (count, servers), of in races.items()
            if count == slots and servers in fleets
            for kind in ("add", "remove")
        ]
        if taken:
            promise = f"table, M = {slots}, N up to {fleets[-1]}: one change under {limit} ms"
            yield Target(promise, f"{max(taken):.2f} ms", max(taken) < limit)


def _swapped(swaps: Mapping[int, Swap]) -> Iterator[Target]:
    if 512 in swaps:
        taken = swaps[512].swap.median / 1e6
        yield Target("edge: a swap of 512 slots under 5 ms", f"{taken:.2f} ms", taken < 5)


def _listed(figures: set[float]) -> str:
    return ", ".join(f"{figure:.3f}" for figure in sorted(figures))


def _tell(what: str) -> None:
    print(f"bench-ring: {what} …", file=sys.stderr, flush=True)


def main() -> int:
    """0 when every target is met, 1 when one is not, 2 when something cannot be measured."""
    missed = 0
    print(f"Python {platform.python_version()}, {platform.machine()}\n")
    try:
        for part in run(Plan()):
            print(part, flush=True)
            missed += isinstance(part, Target) and not part.met
    except CannotMeasure as error:
        print(f"bench-ring: {error}", file=sys.stderr)
        return 2
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
