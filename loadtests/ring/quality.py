"""How good rings are: the busiest server's load, and how much moves, over many sets of servers."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, median

from balancer.core.strategies import Course, Maglev, Ring, Table
from loadtests.ring.arcs import moved, peak_to_mean, shares
from loadtests.ring.contest import UHASHRING, Contestant, Modulo, OurRing, Ringlike, ours
from loadtests.ring.markdown import table

OURS = [
    ours(Table()),
    ours(Course()),
    ours(Course(), name="course, crc32", request_hash="crc32"),
    ours(Ring(), name="ring, M = 512"),
    ours(Ring(slots=65536), name="ring, M = 65536"),
    ours(Ring(points="slots"), name="ring, 9 on slots"),
    ours(Maglev()),
]
"""Each strategy on its usual slots; `course` under its own request hash H, which is uneven itself, and under one that
is even; `ring` as well on so many slots that they no longer matter."""

_RING_IDS = range(1, 10_001)
_PAST = 2


@dataclass(frozen=True, slots=True)
class Quality:
    """Of one ring: p2m, and what moves when a server joins and when one leaves, as a multiple of the least possible:
    a fair share, rounded down, for the newcomer; all that the leaving one had."""

    p2m: float
    add: float
    removal: float


Qualities = Mapping[int, Mapping[str, Sequence[Quality]]]
"""N → contestant → one for each set of servers."""


def qualities(fleets: Sequence[int], *, sets: int, tell: Callable[[str], None]) -> dict[int, dict[str, list[Quality]]]:
    """Of every contestant that has the room."""
    measured: dict[int, dict[str, list[Quality]]] = {}
    for servers in fleets:
        tell(f"quality: N = {servers}")
        contestants = [ours(Modulo()), *OURS, *UHASHRING]
        measured[servers] = {
            contestant.name: list(of_sets(contestant, servers, sets))
            for contestant in contestants
            if contestant.capacity > servers
        }
    return measured


def of_sets(contestant: Contestant, servers: int, sets: int) -> Iterator[Quality]:
    """The same random sets for everybody. Some of each set came for others that went: a ring has a past."""
    chance = random.Random(servers)  # noqa: S311 (it repeats itself)
    for _ in range(sets):
        *present, newcomer = chance.sample(_RING_IDS, servers + _PAST + 1)
        ring = contestant.make(present[:servers])
        for gone, come in zip(present[:_PAST], present[servers:], strict=True):
            ring.add(come)
            ring.remove(gone)
        leaving = chance.sample(present[_PAST:], servers)
        yield _quality(contestant, ring, newcomer, leaving)


def _quality(contestant: Contestant, ring: Ringlike, newcomer: int, leaving: Sequence[int]) -> Quality:
    """The newcomer comes and goes, then the first of `leaving` goes that has requests at all."""
    before = ring.arcs()
    ring.add(newcomer)
    servers = len(leaving)
    added = moved(before, ring.arcs()) / contestant.least_share(servers)
    ring.remove(newcomer)
    before = ring.arcs()
    had = shares(before)
    victim = next(server for server in leaving if had.get(server))
    ring.remove(victim)
    return Quality(peak_to_mean(before, servers), added, moved(before, ring.arcs()) / had[victim])


def tables(measured: Qualities) -> Iterator[str]:
    titles: dict[str, Callable[[Quality], float]] = {
        "p2m, the busiest server's load ÷ the mean": lambda one: one.p2m,
        "Requests that move when one server joins N, ÷ ⌊M / (N + 1)⌋ / M": lambda one: one.add,
        "Requests that move when one of N servers leaves, ÷ its own": lambda one: one.removal,
    }
    for title, figure in titles.items():
        rows = {str(servers): _row(of, figure) for servers, of in measured.items()}
        yield table(f"{title}: median, worst", rows, first="N")


def _row(of: Mapping[str, Sequence[Quality]], figure: Callable[[Quality], float]) -> dict[str, str]:
    figures = {name: [figure(one) for one in ones] for name, ones in of.items()}
    return {name: f"{median(some):.3f}, {max(some):.3f}" for name, some in figures.items()}


def new_deployments(fleets: Sequence[int]) -> str:
    """The ring ids 1 … N, as a new deployment has them: exact figures, no sample."""
    rows: dict[str, dict[str, str]] = {}
    for servers in fleets:
        rings = {one.name: one.make(range(1, servers + 1)) for one in OURS if one.capacity >= servers}
        rows[str(servers)] = {
            name: f"{peak_to_mean(ring.arcs(), servers):.3f}, {_survivors(ring, servers):.2f}"
            for name, ring in rings.items()
            if isinstance(ring, OurRing)
        }
    return table("A new deployment, ring ids 1 … N: p2m, and the others' p2m while one is down (mean)", rows, first="N")


def _survivors(ring: OurRing, servers: int) -> float:
    """The down server's slots walk on; the mean is over who it is."""
    return mean(peak_to_mean(ring.arcs_without(down), servers - 1) for down in range(1, servers + 1))
