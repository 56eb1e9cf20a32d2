"""What another ring would make of the traffic that was seen: each server's share of it now and then.

Bounded load is not counted in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import xxhash

from balancer.core.fleet import Fleet
from balancer.core.request_hash import REQUEST_IDS
from balancer.core.slot_table import NOBODY
from balancer.core.traffic import CountedKey, KeyCounts

ENOUGH = 100
"""Counted requests that a preview needs at least."""


@dataclass(frozen=True, slots=True)
class TrafficPreview:
    """`counted`: the requests that it is made of. `is_exact`: whether the slots of the keys are known under the other
    ring as well. `now`, `then`: hostname → share of the counted requests. `moved`: the share of them that gets another
    server."""

    counted: int
    is_exact: bool
    now: Mapping[str, float]
    then: Mapping[str, float]
    moved: float


def traffic_preview(counts: KeyCounts, now: Fleet, then: Fleet) -> TrafficPreview | None:
    """The preview, as if all servers on the ring served. None where nothing can be said: too little was counted, or the
    other ring has other keys.

    Where the other ring has another request hash or another M, the slots of the keys are not known: only a hash of each
    key was kept. Then each key gets one fair draw, the same at every call.
    """
    profile, other = now.profile, then.profile
    if counts.counted < ENOUGH or profile.key.is_random or (profile.key, profile.seed) != (other.key, other.seed):
        return None
    is_exact = profile.request_hash == other.request_hash and now.table.slots == then.table.slots
    slot_then: Callable[[CountedKey], int] = _slot if is_exact else lambda key: _drawn(key, then)
    places = [
        (_owner(now, key.slot), _owner(then, slot_then(key)), key.count)
        for key in counts.keys
        if key.slot < now.table.slots
    ]
    whole = sum(count for _, _, count in places)
    if not whole:
        return None
    return TrafficPreview(
        counted=whole,
        is_exact=is_exact,
        now=_shares(now, ((before, count) for before, _, count in places), whole),
        then=_shares(then, ((after, count) for _, after, count in places), whole),
        moved=sum(count for before, after, count in places if before != after) / whole,
    )


def _slot(key: CountedKey) -> int:
    return key.slot


def _drawn(key: CountedKey, fleet: Fleet) -> int:
    """The slot of a request id that the key's hash draws: request hashes are not all even over the slots."""
    drawn = xxhash.xxh64_intdigest(f"{key.key}:{key.slot}".encode())
    number = REQUEST_IDS[drawn % len(REQUEST_IDS)]
    return fleet.profile.request_hash.slot(b"%d" % number, fleet.table.slots)


def _owner(fleet: Fleet, slot: int) -> int:
    return fleet.table.owners[slot]


def _shares(fleet: Fleet, owned: Iterable[tuple[int, int]], whole: int) -> dict[str, float]:
    """hostname → share, for every server of the fleet. `owned`: ring id and count."""
    counts: Counter[int] = Counter()
    for ring_id, count in owned:
        counts[ring_id] += count
    del counts[NOBODY]
    return {server.hostname: counts[server.ring_id] / whole for server in fleet.servers}
