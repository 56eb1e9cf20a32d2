"""The prediction: the share of all requests that each server is to get, computed from the ring alone.

The prediction is exact for keyless requests; with the request hash of a plug-in it is counted over 100 000 ids. Other
keys are expected to spread as evenly. It does not know of keys that are far more frequent than the others, or of
bounded load.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from fractions import Fraction
from math import fsum

from balancer.core.fleet import ON_THE_RING, Fleet, Server
from balancer.core.request_hash import REQUEST_IDS, SAMPLE, RequestHash, slot_shares
from balancer.core.slot_table import Member, SlotTable


@dataclass(frozen=True, slots=True)
class Expectation:
    """A server, the number of slots that it owns, and the share of all requests that it is to get."""

    server: Server
    slots: int
    share: float


def expectations(fleet: Fleet, answering: SlotTable) -> tuple[Expectation, ...]:
    """The expectation of every server of the fleet. `answering` is the table that requests see now."""
    counts, expected = fleet.table.counts(), shares(answering, fleet.profile.request_hash)
    return tuple(
        Expectation(server, counts.get(server.ring_id, 0), expected.get(server.ring_id, 0.0))
        if server.state in ON_THE_RING
        else Expectation(server, 0, 0.0)
        for server in fleet.servers
    )


def shares(table: SlotTable, request_hash: RequestHash) -> dict[int, float]:
    """ring id → the share of all requests that go to its slots in the table."""
    parts: dict[int, list[float]] = defaultdict(list)
    for ring_id, share in zip(table.owners, slot_shares(request_hash, table.slots), strict=True):
        parts[ring_id].append(share)
    return {ring_id: _total(part) for ring_id, part in parts.items()}


def _total(parts: Iterable[float]) -> float:
    """The sum of the parts, rounded to a whole number of request ids: so the order of the parts does not matter."""
    return round(fsum(parts) * len(REQUEST_IDS)) / len(REQUEST_IDS)


def moved_share(old: Fleet, new: Fleet) -> float:
    """The share of all keys that have another owner in the new fleet. It is exact where M and the request hash, which
    is none of a plug-in, are the same, otherwise counted over 100 000 request ids."""
    old_hash, new_hash = old.profile.request_hash, new.profile.request_hash
    before, after = old.table.owners, new.table.owners
    if old_hash == new_hash and len(before) == len(after):
        weights = slot_shares(old_hash, len(before))
        return _total(share for share, was, becomes in zip(weights, before, after, strict=True) if was != becomes)
    keys = [b"%d" % number for number in SAMPLE]
    moved = sum(before[old_hash.slot(key, len(before))] != after[new_hash.slot(key, len(after))] for key in keys)
    return moved / len(keys)


def least_move(old: Collection[Member], new: Collection[Member]) -> float:
    """The least share of all keys that any ring with exact weights has to move from the old members to the new ones:
    the sum of all gains, or the sum of all losses where no new member has a weight."""
    before, after = _due(old), _due(new)
    gains = [after.get(ring_id, Fraction(0)) - before.get(ring_id, Fraction(0)) for ring_id in before | after]
    return float(max(sum(gain for gain in gains if gain > 0), sum(-gain for gain in gains if gain < 0)))


def _due(members: Collection[Member]) -> dict[int, Fraction]:
    """ring id → the share that is due to its weight: w / Σw."""
    total = sum(member.weight for member in members)
    return {member.ring_id: Fraction(member.weight, total) for member in members if member.weight}
