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
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from operator import sub
from typing import ClassVar, Self

from balancer.core.slot_table import NOBODY, Member, SlotTable
from balancer.core.strategies.scores import LANE, lanes_of, mix, mixed, numbers_of
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
        owners = list(current.owners)
        held = Counter(owners)
        for slot, ring_id in moves(owners, held, quotas(members, held, self.slots)).items():
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


def moves(owners: Sequence[int], held: Mapping[int, int], quota: Mapping[int, int]) -> dict[int, int]:
    """slot → new owner: the fewest moves that bring every server to its quota, largest margin first.

    A taker is a server with fewer slots than its quota. The margin is score(slot, taker) - score(slot, old owner). For
    a slot whose owner is no member, the largest score of any taker stands for the old owner's. Where there are too many
    pairs to score all of them, each slot is scored with some of the takers, and further rounds give away what is left.
    """
    missing = {taker: quota[taker] - held.get(taker, 0) for taker in sorted(quota) if quota[taker] > held.get(taker, 0)}
    excess = {owner: count - quota.get(owner, 0) for owner, count in held.items() if count > quota.get(owner, 0)}
    chosen: dict[int, int] = {}
    while missing:
        slots = [slot for slot, owner in enumerate(owners) if excess.get(owner) and slot not in chosen]
        owned_by = [owners[slot] for slot in slots]
        scores = _Scores.of(slots, owned_by, list(missing), quota)
        chosen |= _granted(slots, owned_by, scores, missing, excess)
        missing = {taker: count for taker, count in missing.items() if count}
    return chosen


@dataclass(frozen=True, slots=True)
class _Scores:
    """The scores of one round. Slot after slot, `of_takers` has its scores at `count` takers: those of `around` from
    `first` on. `best`: the largest of them, `best_taker` who has it. `old`: the score at the present owner."""

    around: Sequence[int]
    count: int
    first: Sequence[int]
    of_takers: Sequence[int]
    best: Sequence[int]
    best_taker: Sequence[int]
    old: Sequence[int]

    @classmethod
    def of(cls, slots: Sequence[int], owners: Sequence[int], takers: Sequence[int], members: Collection[int]) -> Self:
        count = min(len(takers), max(1, _MOST_PAIRS // len(slots)))
        around = [*takers, *takers]
        first = [0] * len(slots)
        if count < len(takers):
            first = [drawn % len(takers) for drawn in numbers_of(mixed(lanes_of(slots)))]
        seeds = mixed(lanes_of([slot + 1 for slot in slots]))
        at_owners = numbers_of(mixed(seeds, lanes_of(owners)))
        if count == 1:
            best_taker = [around[at] for at in first]
            best = of_takers = numbers_of(mixed(seeds, lanes_of(best_taker)))
        else:
            of_takers = numbers_of(mixed(*_pairs(seeds, lanes_of(around), first, count)))
            begins = range(0, len(of_takers), count)
            best = tuple(max(of_takers[begin : begin + count]) for begin in begins)
            places = map(of_takers.index, best, begins)
            best_taker = [around[at + place - begin] for at, place, begin in zip(first, places, begins, strict=True)]
        old = [
            score if owner in members else instead
            for score, owner, instead in zip(at_owners, owners, best, strict=True)
        ]
        return cls(around, count, first, of_takers, best, best_taker, old)

    def next_best(self, at: int, missing: Mapping[int, int]) -> tuple[int, int]:
        """The largest score at a taker that misses slots, and this taker. (-1, NOBODY) where none of them does."""
        first, begin = self.first[at], at * self.count
        takers, scores = self.around[first : first + self.count], self.of_takers[begin : begin + self.count]
        return max(
            ((score, taker) for score, taker in zip(scores, takers, strict=True) if missing[taker]),
            default=(-1, NOBODY),
        )


def _pairs(seeds: bytes, takers: bytes, first: Sequence[int], count: int) -> tuple[bytes, bytes]:
    """Lanes: every seed `count` times, and beside it as many takers, from that at its `first` on."""
    own = (seeds[at : at + LANE] * count for at in range(0, len(seeds), LANE))
    theirs = (takers[at * LANE : (at + count) * LANE] for at in first)
    return b"".join(own), b"".join(theirs)


def _granted(
    slots: Sequence[int], owners: Sequence[int], scores: _Scores, missing: dict[int, int], excess: dict[int, int]
) -> dict[int, int]:
    """slot → new owner. Each slot wishes for its best taker; once that misses no slot any more, for the next best one.
    The wish with the least loss (the largest margin) is granted first, of equal ones that of the first slot. Each is
    counted off from what the taker misses, and from the excess of the old owner."""
    granted: dict[int, int] = {}
    left = sum(missing.values())
    losses = list(map(sub, scores.old, scores.best))
    others: list[tuple[int, int, int]] = []
    in_order = ascending(losses)
    in_order.reverse()
    while left and (in_order or others):
        if others and not (in_order and (losses[in_order[-1]], in_order[-1]) < others[0]):
            _, at, taker = heappop(others)
        else:
            at = in_order.pop()
            taker = scores.best_taker[at]
        owner = owners[at]
        if not excess[owner]:
            continue
        if missing[taker]:
            granted[slots[at]] = taker
            missing[taker] -= 1
            excess[owner] -= 1
            left -= 1
        else:
            score, taker = scores.next_best(at, missing)
            if taker != NOBODY:
                heappush(others, (scores.old[at] - score, at, taker))
    return granted


def ascending(keys: Sequence[int]) -> list[int]:
    """The indices of the keys in the order of the keys; equal keys stay in order. Python sorts floats several times as
    fast as large integers, and a list that is nearly sorted in one pass."""
    rounded = list(map(float, keys))
    indices = sorted(range(len(keys)), key=rounded.__getitem__)
    indices.sort(key=keys.__getitem__)
    return indices
