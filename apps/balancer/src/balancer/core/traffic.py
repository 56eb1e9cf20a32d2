"""The keys that were seen: a sample of the keyed requests, by slot and by a short hash of the key. No key is in it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import xxhash

SAMPLE = 16
"""One keyed request of so many is counted."""
MOST_KEYS = 8192
"""The most keys that are counted at once. For one more, the key is forgotten that was away longest."""
FORGOTTEN_AFTER = 600
"""Seconds after its last counted request at which a key is forgotten."""

HEAVY_SHARE = 0.01
"""The least part of the counted requests that a heavy key has."""
MOST_HEAVY = 20


@dataclass(frozen=True, slots=True)
class CountedKey:
    """`key`: 8 hex digits, the xxh32 of the key as the request hash gets it: with a hash seed it is made of the seeded
    key. `count`: its counted requests."""

    slot: int
    key: str
    count: int


@dataclass(frozen=True)
class KeyCounts:
    """`sampled`: the part of the keyed requests that is counted; 0 where the requests have no keys."""

    sampled: float = 0.0
    keys: tuple[CountedKey, ...] = ()

    @cached_property
    def counted(self) -> int:
        return sum(key.count for key in self.keys)

    def by_slot(self) -> dict[int, int]:
        """slot → its counted requests, ascending by slot. Slots without any are absent."""
        counts: Counter[int] = Counter()
        for key in self.keys:
            counts[key.slot] += key.count
        return dict(sorted(counts.items()))

    def heavy(self) -> tuple[CountedKey, ...]:
        """The keys with the largest counts, at most MOST_HEAVY of those that have HEAVY_SHARE of all."""
        heavy = (key for key in self.keys if key.count >= HEAVY_SHARE * self.counted)
        return tuple(sorted(heavy, key=lambda key: (-key.count, key.key))[:MOST_HEAVY])


NOTHING_COUNTED = KeyCounts()


def key_hash(key: bytes) -> str:
    """The short hash of a key. HAProxy makes the same by KEY_SAMPLE."""
    return xxhash.xxh32_hexdigest(key)


KEY_SAMPLE = "var(txn.key),xxh32,hex,bytes(8),concat(:,txn.slot)"
"""HAProxy's sample expression of hash and slot, such as 753A727D:71. `hex` gives the 16 digits of a 64-bit number."""
