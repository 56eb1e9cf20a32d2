"""What the loss of servers did to the slots. Pure: a list of owners has the hostname of each slot's owner."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence


def moved(before: Sequence[str], after: Sequence[str], *, lost: Collection[str]) -> list[int]:
    """The slots of survivors that another server owns now."""
    pairs = enumerate(zip(before, after, strict=True))
    return [slot for slot, (old, new) in pairs if old not in lost and new != old]


def heirs(before: Sequence[str], after: Sequence[str], *, lost: Collection[str]) -> dict[str, set[str]]:
    """lost server → who owns its slots now."""
    found: dict[str, set[str]] = defaultdict(set)
    for old, new in zip(before, after, strict=True):
        if old in lost:
            found[old].add(new)
    return dict(found)
