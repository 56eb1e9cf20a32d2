"""How good rings are: the busiest server's load, and how much moves, over many sets of servers."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean, median

from balancer.core.strategies import Course, Maglev, Ring, Table
from loadtests.ring.arcs import moved, peak_to_mean, shares
from loadtests.ring.contest import UHASHRING, Contestant, Modulo, OurRing, ours
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


def qualities(fleets: Sequence[int], *, sets: int) -> Qualities:
    """Of every contestant that has the room."""
    everybody = [ours(Modulo()), *OURS, UHASHRING]
    return {
        servers: {one.name: of_sets(one, servers, sets) for one in everybody if one.capacity > servers}
        for servers in fleets
    }


def of_sets(contestant: Contestant, servers: int, sets: int) -> list[Quality]:
    """The same random sets for everybody."""
    chance = random.Random(servers)  # noqa: S311 (it repeats itself)
    return [_of_set(contestant, servers, chance) for _ in range(sets)]


def _of_set(contestant: Contestant, servers: int, chance: random.Random) -> Quality:
    """Some of the set came for others that went: a ring has a past. Then a newcomer comes and goes, and then one goes
    that has requests at all."""
    *present, newcomer = chance.sample(_RING_IDS, servers + _PAST + 1)
    ring = contestant.make(present[:servers])
    for gone, come in zip(present[:_PAST], present[servers:], strict=True):
        ring.add(come)
        ring.remove(gone)
    before = ring.arcs()
    ring.add(newcomer)
    added = moved(before, ring.arcs()) / contestant.least_share(servers)
    ring.remove(newcomer)
    before = ring.arcs()
    had = shares(before)
    victim = next(server for server in chance.sample(present[_PAST:], servers) if had.get(server))
    ring.remove(victim)
    return Quality(peak_to_mean(before, servers), added, moved(before, ring.arcs()) / had[victim])


def tables(measured: Qualities) -> Iterator[str]:
    titles: dict[str, Callable[[Quality], float]] = {
        "p2m, the busiest server's load ÷ the mean": lambda one: one.p2m,
        "Requests that move when one server joins N, ÷ ⌊M / (N + 1)⌋ / M": lambda one: one.add,
        "Requests that move when one of N servers leaves, ÷ its own": lambda one: one.removal,
    }
    for title, figure in titles.items():
        rows = {
            str(servers): {
                name: f"{median(map(figure, some)):.3f}, {max(map(figure, some)):.3f}" for name, some in of.items()
            }
            for servers, of in measured.items()
        }
        yield table(f"{title}: median, worst", rows, first="N")


def new_deployments(fleets: Sequence[int]) -> str:
    """The ring ids 1 … N, as a new deployment has them: exact figures, no sample. For the others' p2m the mean is over
    who is down."""
    rows: dict[str, dict[str, str]] = {}
    for servers in fleets:
        everyone = range(1, servers + 1)
        rings = {one.name: one.make(everyone) for one in OURS if one.capacity >= servers}
        rows[str(servers)] = {
            name: f"{peak_to_mean(ring.arcs(), servers):.3f}, "
            f"{mean(peak_to_mean(ring.arcs(down=down), servers - 1) for down in everyone):.2f}"
            for name, ring in rings.items()
            if isinstance(ring, OurRing)
        }
    return table("A new deployment, ring ids 1 … N: p2m, and the others' p2m while one is down (mean)", rows, first="N")
