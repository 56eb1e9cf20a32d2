"""The slot map: the text of slots.map, in which the edge looks up the server of a slot. Nothing is written here.

A key is a slot, and its value is a walk: the instance of the slot's server and the next ones clockwise. There is also a
key for each server that speaks h2c, and with bounded load one for each server's share. See
docs/decisions/0008-bounded-load-at-the-edge.md.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
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
    walked = _latest.of(slots, SHORT_WALK if bound is None else WALK)
    shares = () if bound is None else _shares(bound, serving)
    return [
        f"{DIGEST_KEY} {digest}",
        *(f"{SHARE_KEY}{name} {share}" for name, share in shares),
        *(f"{H2C_KEY}{backend.instance} 1" for backend in serving if backend.protocol == H2C),
        *(walked.lines if all(slots) else (f"{slot} {value}" for slot, value in enumerate(walked.values) if value)),
    ]


Edit = tuple[str, str]
"""A verb of the Runtime API for one entry of the map, and the entry, or only its key where it goes."""


def edits(before: list[str], after: list[str]) -> list[Edit]:
    """What makes the lines `before` those of `after`, the digest last. What comes is told before what may name it, and
    what goes after that."""
    if len(before) == len(after):  # then most are the same at the same place
        pairs = [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]]
        before, after = [one for one, _ in pairs], [other for _, other in pairs]
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


@dataclass(frozen=True, slots=True)
class _Walked:
    """`values`: the walks of these slots. `lines`: with their keys."""

    slots: tuple[str, ...]
    length: int
    values: list[str]
    lines: list[str]


class _Latest:
    """Makes walks of those that it made last: a change of a large ring moves few slots."""

    def __init__(self) -> None:
        self._walked = _Walked((), 0, [], [])

    def of(self, slots: tuple[str, ...], length: int) -> _Walked:
        walked = self._walked
        if (walked.slots, walked.length) != (slots, length):
            walked = self._walked = _after(walked, slots, length) or _walked(slots, length)
        return walked


_latest = _Latest()


def _walked(slots: tuple[str, ...], length: int) -> _Walked:
    values = walks(slots, length)
    return _Walked(slots, length, values, [f"{slot} {value}" for slot, value in enumerate(values)])


def _after(before: _Walked, slots: tuple[str, ...], length: int) -> _Walked | None:
    """The walks of slots of which few differ from those before; None where that is not so, or a walk has fewer servers
    than words. A walk is the slot's server and then the others of the next slot's walk, so only those change that come
    shortly before a slot that does."""
    if (len(before.slots), before.length) != (len(slots), length) or not all(slots) or not all(before.slots):
        return None
    changed = [slot for slot, (old, new) in enumerate(zip(before.slots, slots, strict=True)) if old != new]
    if len(changed) * 8 > len(slots) or min(len(set(slots)), len(set(before.slots))) <= length:
        return None
    values, lines = before.values.copy(), before.lines.copy()
    pending = set(changed)
    for begin in reversed(changed):
        slot = begin
        while True:
            name, ahead = slots[slot], values[(slot + 1) % len(slots)].split(":")
            value = ":".join([name, *[other for other in ahead if other != name][: length - 1]])
            if value == values[slot] and slot not in pending:
                break
            pending.discard(slot)
            values[slot], lines[slot] = value, f"{slot} {value}"
            slot = (slot - 1) % len(slots)
            if slot in pending:
                break  # it is begun with next
    return _Walked(slots, length, values, lines)


def _shares(bound: Fraction, serving: tuple[Backend, ...]) -> Iterator[tuple[str, int]]:
    """(instance, c · w/Σw in units of 1 / SHARE_UNIT), rounded down: where c · w/Σw · total is a whole number, a server
    with exactly so many requests is full."""
    total_weight = sum(backend.weight for backend in serving)
    for backend in serving:
        yield backend.instance, int(bound * backend.weight * SHARE_UNIT / total_weight)
