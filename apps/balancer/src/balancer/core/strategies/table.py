"""The balanced slot table: every server's share exact to one slot, every change the fewest possible moves.

A function of (current table, members), so the table is part of the state that is kept. Quotas follow the largest
remainder, but a spare slot goes first to a server that already holds more than its floor, which saves a move. The
slots that must move go where their score grows most (rendezvous hashing's idea, Thaler & Ravishankar 1998), so
that a server that leaves and comes back finds most of its old slots. Integers only.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from balancer.core.errors import RingFull
from balancer.core.slot_table import Member, SlotTable

_MASK = (1 << 64) - 1


def score(slot: int, ring_id: int) -> int:
    """A 64-bit hash of (slot, ring id): two rounds of the splitmix64 finaliser (Steele, Lea, Flood 2014)."""
    return _mix(_mix(slot + 1) ^ ring_id)


def _mix(value: int) -> int:
    value = (value + 0x9E3779B97F4A7C15) & _MASK
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    slots: int = 512

    @property
    def capacity(self) -> int:
        return self.slots

    def place(self, members: Collection[Member], current: SlotTable) -> SlotTable:
        if len(members) > self.capacity:
            raise RingFull(f"a table of {self.slots} slots holds at most {self.capacity} servers")
        if not members:
            return SlotTable.empty(self.slots)
        if current.slots != self.slots:
            current = SlotTable.empty(self.slots)
        held = current.counts()
        quota = quotas(members, held, self.slots)
        owners = list(current.owners)
        for slot, ring_id in moves(owners, held, quota):
            owners[slot] = ring_id
        return SlotTable(tuple(owners))


def quotas(members: Collection[Member], held: Mapping[int, int], slots: int) -> dict[int, int]:
    """ring id → slots it shall own: M·w/Σw rounded down or up, Σ = M; `held` is what each owns now."""
    total = sum(member.weight for member in members)
    floor = {member.ring_id: slots * member.weight // total for member in members}
    remainder = {member.ring_id: slots * member.weight % total for member in members}
    spare = slots - sum(floor.values())
    first = sorted(
        (ring_id for ring_id in floor if remainder[ring_id]),
        key=lambda ring_id: (held.get(ring_id, 0) <= floor[ring_id], -remainder[ring_id], _mix(ring_id)),
    )
    return floor | {ring_id: floor[ring_id] + 1 for ring_id in first[:spare]}


def moves(owners: list[int], held: Mapping[int, int], quota: Mapping[int, int]) -> list[tuple[int, int]]:
    """The fewest (slot, new owner) pairs that bring every server to its quota, best margin first.

    The margin is score(slot, new) - score(slot, old); an orphan's old score is the best that any taker has.
    """
    missing = {ring_id: want - held.get(ring_id, 0) for ring_id, want in quota.items() if want > held.get(ring_id, 0)}
    excess = {ring_id: held[ring_id] - want for ring_id, want in quota.items() if held.get(ring_id, 0) > want}
    wishes = []
    for slot, owner in enumerate(owners):
        if owner in quota and owner not in excess:
            continue
        scores = {taker: score(slot, taker) for taker in missing}
        old = score(slot, owner) if owner in excess else max(scores.values())
        wishes += [(old - new, slot, taker) for taker, new in scores.items()]
    chosen: dict[int, int] = {}
    for _, slot, taker in sorted(wishes):
        owner = owners[slot]
        if slot in chosen or not missing[taker] or excess.get(owner, 1) == 0:
            continue
        chosen[slot] = taker
        missing[taker] -= 1
        if owner in excess:
            excess[owner] -= 1
    return list(chosen.items())
