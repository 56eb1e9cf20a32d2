"""The strategy `table`: the balanced slot table. Each share is exact to one slot, and a change moves the fewest slots.

The next table depends on the present table and the members, so the table has to be saved. Quotas follow the largest
remainder. A slot that remains goes first to a server that already owns more than its rounded-down quota, which saves a
move, and then to a server that owns no slot yet. So a replacement of the same weight gets exactly as many slots as its
predecessor had, and no survivor gets one of them. A slot that has to move goes where its score grows most (the idea of
rendezvous hashing, Thaler & Ravishankar 1998): so a server that leaves and comes back gets most of its old slots. Only
integers are used.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from balancer.core.slot_table import Member, SlotTable
from balancer.core.strategies.strategy import Strategy, check_power_of_two, parameter

_MASK = (1 << 64) - 1


def _mix(value: int) -> int:
    """The splitmix64 finaliser (Steele, Lea, Flood 2014). The score of a slot at a server is _mix(_mix(slot + 1) ^ ring
    id)."""
    value = (value + 0x9E3779B97F4A7C15) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


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
        for slot, ring_id in moves(owners, held, quota).items():
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
        return holds <= floor[ring_id], holds > 0, -remainder[ring_id], _mix(ring_id)

    first = sorted((ring_id for ring_id in floor if remainder[ring_id]), key=rank)
    return floor | {ring_id: floor[ring_id] + 1 for ring_id in first[:spare]}


def moves(owners: Sequence[int], held: Mapping[int, int], quota: Mapping[int, int]) -> dict[int, int]:
    """slot → new owner: the fewest moves that bring every server to its quota, largest margin first.

    A taker is a server with fewer slots than its quota. The margin is score(slot, taker) - score(slot, old owner). For
    a slot whose owner is no member, the largest score of any taker stands for the old owner's. Where there are too many
    pairs to score all of them, each slot is scored with some of the takers, and further rounds give away what is left.
    """
    missing = {taker: quota[taker] - held.get(taker, 0) for taker in sorted(quota) if quota[taker] > held.get(taker, 0)}
    excess = {ring_id: held[ring_id] - want for ring_id, want in quota.items() if held.get(ring_id, 0) > want}
    slots = [slot for slot, owner in enumerate(owners) if owner not in quota or owner in excess]
    chosen: dict[int, int] = {}
    while missing:
        for _, slot, taker in sorted(_pairs(slots, owners, excess, list(missing))):
            owner = owners[slot]
            if slot in chosen or not missing[taker] or excess.get(owner, 1) == 0:
                continue
            chosen[slot] = taker
            missing[taker] -= 1
            if owner in excess:
                excess[owner] -= 1
        missing = {taker: count for taker, count in missing.items() if count}
        slots = [slot for slot in slots if slot not in chosen and excess.get(owners[slot], 1)]
    return chosen


def _pairs(
    slots: Sequence[int], owners: Sequence[int], excess: Collection[int], takers: Sequence[int]
) -> Iterator[tuple[int, int, int]]:
    """(-margin, slot, taker) for each slot and as many takers as can be scored in one round."""
    taken = min(len(takers), max(1, _MOST_PAIRS // len(slots)))
    around = [*takers, *takers]
    for slot in slots:
        first = _mix(slot) % len(takers) if taken < len(takers) else 0
        seed = _mix(slot + 1)
        scores = {taker: _mix(seed ^ taker) for taker in around[first : first + taken]}
        old = _mix(seed ^ owners[slot]) if owners[slot] in excess else max(scores.values())
        for taker, new in scores.items():
            yield old - new, slot, taker
