"""The strategy `table`: the balanced slot table. Each share is exact to one slot, and a change moves the fewest slots.

The next table depends on the present table and the members, so the table has to be saved. Quotas follow the largest
remainder. A slot that remains goes first to a server that already owns more than its rounded-down quota, which saves a
move, and then to a server that owns no slot yet. So a replacement of the same weight gets exactly as many slots as its
predecessor had, and no survivor gets one of them. A slot that has to move goes where its score grows most (the idea of
rendezvous hashing, Thaler & Ravishankar 1998): so a server that leaves and comes back gets most of its old slots. Only
integers decide. The score of a slot at a server is mix(mix(slot + 1) ^ ring id).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from operator import sub, xor
from typing import ClassVar, Self

from balancer.core.slot_table import Member, SlotTable
from balancer.core.strategies.scores import mix, mix_all
from balancer.core.strategies.strategy import Strategy, check_power_of_two, parameter

_MOST_PAIRS = 1 << 18
"""How many (slot, taker) pairs are scored in one round at most. This bounds time and memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Strategy):
    """M = `slots`."""

    name: ClassVar[str] = "table"

    slots: int = parameter(512, "M, a power of two.")

    def __post_init__(self) -> None:
        check_power_of_two("slots", self.slots)

    def _place(self, members: Collection[Member], current: SlotTable) -> SlotTable:
        held = current.counts()
        quota = quotas(members, held, self.slots)
        owners = list(current.owners)
        for slot, ring_id in moves(owners, quota).items():
            owners[slot] = ring_id
        return SlotTable(tuple(owners))


def quotas(members: Collection[Member], held: Mapping[int, int], slots: int) -> dict[int, int]:
    """ring id → the number of slots that it shall own: M·w/Σw rounded down or up; the sum is M. `held`: ring id → the
    number of slots that it owns now."""
    total = sum(member.weight for member in members)
    floor = {member.ring_id: slots * member.weight // total for member in members}
    remainder = {member.ring_id: slots * member.weight % total for member in members}
    spare = slots - sum(floor.values())

    def rank(ring_id: int) -> tuple[bool, bool, int, int]:
        holds = held.get(ring_id, 0)
        return holds <= floor[ring_id], holds > 0, -remainder[ring_id], mix(ring_id)

    first = sorted((ring_id for ring_id in floor if remainder[ring_id]), key=rank)
    return floor | {ring_id: floor[ring_id] + 1 for ring_id in first[:spare]}


def moves(owners: Sequence[int], quota: Mapping[int, int]) -> dict[int, int]:
    """slot → new owner: the fewest moves that bring every server to its quota, largest margin first.

    A taker is a server with fewer slots than its quota. The margin is score(slot, taker) - score(slot, old owner). For
    a slot whose owner is no member, the largest score of any taker stands for the old owner's. Where there are too many
    pairs to score all of them, each slot is scored with some of the takers, and further rounds give away what is left.
    """
    held = Counter(owners)
    missing = {taker: quota[taker] - held[taker] for taker in sorted(quota) if quota[taker] > held[taker]}
    excess = {owner: count - quota.get(owner, 0) for owner, count in held.items() if count > quota.get(owner, 0)}
    chosen: dict[int, int] = {}
    while missing:
        slots = [slot for slot, owner in enumerate(owners) if excess.get(owner) and slot not in chosen]
        wishes = _Wishes.of(slots, [owners[slot] for slot in slots], list(missing), quota)
        chosen |= _granted(wishes, missing, excess)
        missing = {taker: count for taker, count in missing.items() if count}
    return chosen


@dataclass(frozen=True, slots=True)
class _Wishes:
    """What one round knows of its slots. `slots[at]` has the owner `owners[at]`. It is scored with `count` takers, those
    of `around` from `first[at]` on: `scores` has their scores, slot after slot. `old[at]` is its score at its owner."""

    slots: Sequence[int]
    owners: Sequence[int]
    around: Sequence[int]
    count: int
    first: Sequence[int]
    scores: Sequence[int]
    best: Sequence[int]
    old: Sequence[int]

    @classmethod
    def of(cls, slots: Sequence[int], owners: Sequence[int], takers: Sequence[int], members: Collection[int]) -> Self:
        count = min(len(takers), max(1, _MOST_PAIRS // len(slots)))
        around = [*takers, *takers]
        first = [drawn % len(takers) for drawn in mix_all(slots)] if count < len(takers) else [0] * len(slots)
        seeds = mix_all([slot + 1 for slot in slots])
        scores = mix_all(
            [seed ^ taker for seed, at in zip(seeds, first, strict=True) for taker in around[at : at + count]]
        )
        best = scores if count == 1 else [max(scores[at : at + count]) for at in range(0, len(scores), count)]
        at_owners = mix_all(list(map(xor, seeds, owners)))
        old = [score if owner in members else most for score, owner, most in zip(at_owners, owners, best, strict=True)]
        return cls(slots, owners, around, count, first, scores, best, old)

    def best_taker(self, at: int) -> int:
        begin = at * self.count
        return self.around[self.first[at] + self.scores.index(self.best[at], begin) - begin]

    def next_best(self, at: int, missing: Mapping[int, int]) -> Iterator[tuple[int, int, int]]:
        """(loss, at, taker) for the best of the takers that miss slots, if there is one."""
        begin = at * self.count
        takers = self.around[self.first[at] : self.first[at] + self.count]
        scores = self.scores[begin : begin + self.count]
        able = [(score, taker) for score, taker in zip(scores, takers, strict=True) if missing[taker]]
        for score, taker in sorted(able)[-1:]:
            yield self.old[at] - score, at, taker


def _granted(wishes: _Wishes, missing: dict[int, int], excess: dict[int, int]) -> dict[int, int]:
    """slot → new owner. Each slot wishes for its best taker; once that misses no slot any more, for the next best one.
    The wish with the least loss (the largest margin) is granted first, of equal ones that of the first slot. Each is
    counted off from what the taker misses, and from the excess of the old owner."""
    granted: dict[int, int] = {}
    left = sum(missing.values())
    losses = list(map(sub, wishes.old, wishes.best))
    best = ascending(losses)
    best.reverse()
    others: list[tuple[int, int, int]] = []
    while left and (best or others):
        if others and not (best and (losses[best[-1]], best[-1]) < others[0]):
            _, at, taker = heappop(others)
        else:
            at = best.pop()
            taker = wishes.best_taker(at)
        owner = wishes.owners[at]
        if not excess[owner]:
            continue
        if missing[taker]:
            granted[wishes.slots[at]] = taker
            missing[taker] -= 1
            excess[owner] -= 1
            left -= 1
        else:
            for wish in wishes.next_best(at, missing):
                heappush(others, wish)
    return granted


def ascending(keys: Sequence[int]) -> list[int]:
    """The indices of the keys in the order of the keys; equal keys stay in order. Python sorts floats several times as
    fast as large integers, and a list that is nearly sorted in one pass."""
    rounded = list(map(float, keys))
    indices = sorted(range(len(keys)), key=rounded.__getitem__)
    indices.sort(key=keys.__getitem__)
    return indices
