"""The slot map: the text of slots.map, in which the edge looks up the server of a slot. Nothing is written here.

A key is a slot, and its value is a walk: the instance of the slot's server and the next ones clockwise. There is also a
key for each server that speaks h2c, and with bounded load one for each server's share. See
docs/decisions/0008-bounded-load-at-the-edge.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import islice

from balancer.core.protocol import H2C
from balancer.core.routes import Backend
from balancer.ports import answers

DIGEST_KEY = "digest"
"""The key whose value is the digest of the routes."""

SHARE_KEY = "share/"
"""Prefix of the key of a server's share, whose value is c · w/Σw in units of 1 / SHARE_UNIT."""

SHARE_UNIT = 10**9
"""HAProxy's numbers are signed 64-bit integers. With this unit they have room for c = 1000 and millions of requests in
flight."""

H2C_KEY = "h2c/"
"""Prefix of the key of a server that speaks h2c. Its value says nothing."""

WALK = 12
"""Servers in a walk under bounded load. With fewer the bound is not kept where one key has much of the traffic."""

SHORT_WALK = answers.MOST_TRIED
"""Servers in any other walk."""


def lines(digest: str, slots: tuple[str, ...], serving: Iterable[Backend], bound: Fraction | None) -> list[str]:
    """The lines of slots.map. None is empty, as the Runtime API requires. `serving`: the backends that take new
    requests."""
    serving = tuple(serving)
    values = walks(slots, SHORT_WALK if bound is None else WALK)
    shares = () if bound is None else _shares(bound, serving)
    return [
        f"{DIGEST_KEY} {digest}",
        *(f"{SHARE_KEY}{name} {share}" for name, share in shares),
        *(f"{H2C_KEY}{backend.instance} 1" for backend in serving if backend.protocol == H2C),
        *(f"{slot} {value}" for slot, value in enumerate(values) if value),
    ]


Edit = tuple[str, str]
"""A verb of the Runtime API for one entry of the map, and the entry, or only its key where it goes."""


def edits(before: list[str], after: list[str]) -> list[Edit]:
    """What makes the lines `before` those of `after`, the digest last. What comes is told before what may name it, and
    what goes after that."""
    old, new = set(before), set(after)
    keys = {line.partition(" ")[0] for line in before if line not in new}
    fresh = {line.partition(" ")[0]: line for line in after if line not in old}
    digest = fresh.pop(DIGEST_KEY, None)
    return [
        *(("add", line) for key, line in fresh.items() if key not in keys),
        *(("set", line) for key, line in fresh.items() if key in keys),
        *(("del", key) for key in keys - fresh.keys() - {DIGEST_KEY}),
        *([] if digest is None else [("set", digest)]),
    ]


def walks(slots: tuple[str, ...], length: int) -> list[str]:
    """slot → walk: the slot's instance and the next different ones clockwise, with colons between them. Where there are
    fewer than `length` instances, the first one fills the rest, so that every walk has so many words."""
    found = [""] * len(slots)
    ahead = tuple(islice(dict.fromkeys(name for name in slots if name), length))
    missing = length - len(ahead)
    for slot in reversed(range(len(slots))):
        if name := slots[slot]:
            ahead = (name, *[other for other in ahead if other != name][: length - 1])
            found[slot] = ":".join(ahead + (name,) * missing)
    return found


def _shares(bound: Fraction, serving: tuple[Backend, ...]) -> Iterator[tuple[str, int]]:
    """(instance, c · w/Σw in units of 1 / SHARE_UNIT), rounded down: where c · w/Σw · total is a whole number, a server
    with exactly so many requests is full."""
    total_weight = sum(backend.weight for backend in serving)
    for backend in serving:
        yield backend.instance, int(bound * backend.weight * SHARE_UNIT / total_weight)
