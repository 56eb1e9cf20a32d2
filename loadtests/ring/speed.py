"""How long rings take: a new one, a change, a lookup; and request hashes. Every round runs all of them in turn.

Time is the processor's, so that whatever else runs on the machine counts for less.
"""

from __future__ import annotations

import gc
import random
from collections import Counter, deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from statistics import median, quantiles
from time import perf_counter, thread_time_ns

from balancer.core.request_hash import REQUEST_HASHES, REQUEST_IDS
from loadtests.ring.contest import UHASHRING, Contestant, strategies
from loadtests.ring.markdown import table

KINDS = {
    "lookup": ("A lookup, key → hash → slot → server: ns", 1.0),
    "new": ("A new ring of N servers: ms", 1e6),
    "add": ("One server joins N: ms", 1e6),
    "remove": ("One of N + 1 servers leaves: ms", 1e6),
}
"""What is timed → its title, and the nanoseconds in the title's unit."""

_LOOKUPS = 5_000
_HASH_ROUNDS = 15


@dataclass(frozen=True, slots=True)
class Timing:
    """Nanoseconds: the median of the rounds, and half the distance of their quartiles."""

    median: float
    spread: float

    @classmethod
    def of(cls, samples: Sequence[float]) -> Timing:
        low, _, high = quantiles(samples, n=4, method="inclusive")
        return cls(median(samples), (high - low) / 2)

    def told(self, unit: float) -> str:
        """In units of so many nanoseconds."""
        return f"{three_digits(self.median / unit)} ± {self.spread / self.median:.0%}"


Races = Mapping[tuple[int, int], Mapping[str, Mapping[str, Timing]]]
"""(M, N) → kind → contestant → its timing."""


def three_digits(figure: float) -> str:
    return f"{figure:.0f}" if figure >= 100 else f"{figure:.3g}"


def tables(races: Races) -> Iterator[str]:
    for kind, (title, unit) in KINDS.items():
        rows = {f"{slots}, {servers}": _row(of[kind], unit) for (slots, servers), of in races.items()}
        yield table(f"{title}, median ± half the distance of the quartiles (÷ uhashring)", rows, first="M, N")


def _row(timings: Mapping[str, Timing], unit: float) -> dict[str, str]:
    theirs = timings["uhashring"].median
    return {name: f"{timing.told(unit)} ({three_digits(timing.median / theirs)})" for name, timing in timings.items()}


def race(slots: int, servers: int, *, rounds: tuple[int, int], seconds: float) -> dict[str, dict[str, Timing]]:
    """Rounds until the seconds are over, within the limits of `rounds`. Who cannot hold one server more is left out."""
    runners = [one for one in (*strategies(slots), UHASHRING) if one.capacity > servers]
    samples: dict[str, dict[str, list[float]]] = {kind: {runner.name: [] for runner in runners} for kind in KINDS}
    chance = random.Random(servers)  # noqa: S311 (it repeats itself)
    least, most = rounds
    began = perf_counter()
    gc.disable()
    try:
        for number in range(most):
            for runner in chance.sample(runners, len(runners)):
                for kind, taken in zip(KINDS, _run(runner, servers, number, chance), strict=True):
                    samples[kind][runner.name].append(taken)
            gc.collect()
            if number + 1 >= least and perf_counter() - began > seconds:
                break
    finally:
        gc.enable()
    return {kind: {name: Timing.of(taken) for name, taken in of.items()} for kind, of in samples.items()}


def _run(runner: Contestant, servers: int, number: int, chance: random.Random) -> tuple[float, float, float, float]:
    """One of each kind. Every round has servers of its own, so that nothing is known of them from an earlier one."""
    first = number * (servers + 1) + 1
    newcomer, victim = first + servers, first + chance.randrange(servers)
    keys = [runner.key(request_id) for request_id in chance.choices(REQUEST_IDS, k=_LOOKUPS)]
    began = thread_time_ns()
    ring = runner.make(range(first, newcomer))
    new = thread_time_ns() - began
    add = _timed(lambda: ring.add(newcomer))
    remove = _timed(lambda: ring.remove(victim))
    return _each(ring.lookup(), keys), new, add, remove


def hash_table(request_ids: Sequence[int]) -> str:
    """How evenly each spreads the ids over the slots, and its median time of the whole way from key to slot."""
    slots, keys = 512, [b"%d" % number for number in REQUEST_IDS[::500]]
    ways = {name: one.slot for name, one in REQUEST_HASHES.items()}
    rounds = [{name: _each(way, keys, repeat(slots)) for name, way in ways.items()} for _ in range(_HASH_ROUNDS)]
    rows: dict[str, dict[str, str]] = {}
    for name, way in ways.items():
        hits = Counter(way(b"%d" % number, slots) for number in request_ids)
        rows[name] = {
            "slots hit": str(len(hits)),
            "busiest slot ÷ mean": f"{max(hits.values()) * slots / len(request_ids):.3f}",
            "ns": f"{median(of[name] for of in rounds):.0f}",
        }
    return table(f"Request hashes, {len(request_ids)} six-digit keys on {slots} slots", rows, first="hash")


def _each(find: Callable[..., object], keys: Collection[object], *others: Iterable[object]) -> float:
    """Nanoseconds for one key."""
    return _timed(lambda: deque(map(find, keys, *others), maxlen=0)) / len(keys)


def _timed(work: Callable[[], object]) -> float:
    began = thread_time_ns()
    work()
    return thread_time_ns() - began
