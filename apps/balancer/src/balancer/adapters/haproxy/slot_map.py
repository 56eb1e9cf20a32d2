"""slots.map: what the running edge looks up for a request. A text; who writes and loads it is not here.

A key is a slot, and its value the slot's server. With bounded load the value is a walk: the slot's server and the next
ones clockwise, and there is a key for each server's share. See docs/decisions/0008-bounded-load-at-the-edge.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import islice

from balancer.core.routes import Backend

DIGEST_KEY = "digest"
"""The key of the digest of the routes."""

SHARE_KEY = "share/"
"""Begins the key of a server's share of what is in flight, in parts of SHARE_UNIT, c included."""

SHARE_UNIT = 10**9
"""HAProxy counts in 64 bits with a sign: room for c = 1000 and for millions of requests in flight."""

WALK = 12
"""Servers in a walk: those that a request may go to. Fewer keep no bound where one key has much of the traffic."""


def lines(digest: str, slots: tuple[str, ...], serving: Iterable[Backend], bound: Fraction | None) -> list[str]:
    """None of them empty, as the Runtime API wants it. `serving`: the servers that take new requests."""
    values = slots if bound is None else walks(slots)
    shares = () if bound is None else _shares(bound, tuple(serving))
    return [
        f"{DIGEST_KEY} {digest}",
        *(f"{SHARE_KEY}{name} {share}" for name, share in shares),
        *(f"{slot} {value}" for slot, value in enumerate(values) if value),
    ]


def walks(slots: tuple[str, ...]) -> list[str]:
    """For each slot its server and the next different ones clockwise; where there are fewer than WALK in all, the
    first one again, so that every walk has as many words."""
    found = [""] * len(slots)
    ahead = tuple(islice(dict.fromkeys(name for name in slots if name), WALK))
    missing = WALK - len(ahead)
    for slot in reversed(range(len(slots))):
        if name := slots[slot]:
            ahead = (name, *[other for other in ahead if other != name][: WALK - 1])
            found[slot] = ":".join(ahead + (name,) * missing)
    return found


def _shares(bound: Fraction, serving: tuple[Backend, ...]) -> Iterator[tuple[str, int]]:
    """c · w/Σw rounded down: where c · w/Σw · total is a whole number, a server that has as many is at its cap."""
    total_weight = sum(backend.weight for backend in serving)
    for backend in serving:
        yield backend.instance, int(bound * backend.weight * SHARE_UNIT / total_weight)
