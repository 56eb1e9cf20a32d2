"""The balanced slot table: every server's share exact to one slot, every change the fewest possible moves.

A function of (current table, members), so the table is part of the state that is kept. Quotas follow the largest
remainder, but a spare slot goes first to a server that already holds more than its floor, which saves a move, and then
to one that holds nothing yet: a server that replaces another one of its weight gets as many slots as that one had, and
nobody else gets any. The slots that must move go where their score grows most (rendezvous hashing's idea, Thaler &
Ravishankar 1998), so that a server that leaves and comes back finds most of its old slots. Integers only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from balancer.core.slot_table import Member, SlotTable
from balancer.core.strategies.strategy import Strategy, check_power_of_two

_MASK = (1 << 64) - 1


def _mix(value: int) -> int:
    """The splitmix64 finaliser (Steele, Lea, Flood 2014); a score is _mix(_mix(slot + 1) ^ ring id)."""
    value = (value + 0x9E3779B97F4A7C15) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


_MOST_PAIRS = 1 << 18
"""So many (slot, taker) pairs are scored at a time, which bounds time and memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Strategy):
    """M = `slots`."""

    name: ClassVar[str] = "table"

    slots: int = 512

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
    """ring id → slots it shall own: M·w/Σw rounded down or up, Σ = M; `held` is what each owns now."""
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
    """The fewest slot → new owner that bring every server to its quota, best margin first.

    The margin is score(slot, new) - score(slot, old); an orphan's old score is the best that any taker has. Where slots
    and takers are so many that not every pair can be scored, each slot looks at some of the takers, and what stays
    open is matched in further rounds.
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
    """(- margin, slot, taker): of each slot and its takers, as many as can be looked at."""
    taken = min(len(takers), max(1, _MOST_PAIRS // len(slots)))
    around = [*takers, *takers]
    for slot in slots:
        first = _mix(slot) % len(takers) if taken < len(takers) else 0
        seed = _mix(slot + 1)
        scores = {taker: _mix(seed ^ taker) for taker in around[first : first + taken]}
        old = _mix(seed ^ owners[slot]) if owners[slot] in excess else max(scores.values())
        for taker, new in scores.items():
            yield old - new, slot, taker
