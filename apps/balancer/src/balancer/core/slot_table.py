"""The slot table: which server owns each of the M slots, and which server answers while an owner is down."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Set
from dataclasses import dataclass
from hashlib import sha256

from balancer.core.errors import EmptyRing

NOBODY = 0
"""The owner of every slot of an empty ring. Ring ids start at 1."""


@dataclass(frozen=True, slots=True)
class Member:
    """A server as the strategy sees it: its ring id (≥ 1) and its weight (≥ 0; only ratios count)."""

    ring_id: int
    weight: int = 1


@dataclass(frozen=True, slots=True)
class SlotTable:
    """`owners[slot]` is the ring id of the server that owns the slot, for slot = 0 … M - 1."""

    owners: tuple[int, ...]

    @classmethod
    def empty(cls, slots: int) -> SlotTable:
        return cls((NOBODY,) * slots)

    @property
    def slots(self) -> int:
        return len(self.owners)

    def counts(self) -> dict[int, int]:
        """ring id → number of slots. Servers without a slot are absent."""
        counts = Counter(self.owners)
        del counts[NOBODY]
        return dict(counts)

    def moved(self, other: SlotTable) -> int:
        """The number of slots that have another owner in `other`, a table of the same M."""
        return sum(ours != theirs for ours, theirs in zip(self.owners, other.owners, strict=True))

    def owner(self, slot: int, living: Set[int]) -> int:
        """The first living owner clockwise from `slot` on, `slot` included. Raises EmptyRing."""
        for _, owner in self.walk(slot):
            if owner in living:
                return owner
        raise EmptyRing("no living server owns a slot")

    def walk(self, slot: int) -> Iterator[tuple[int, int]]:
        """The walk: (slot, owner) of all owners clockwise from `slot` on. Each owner comes once, at its first slot."""
        met = {NOBODY}
        for at in (*range(slot, self.slots), *range(slot)):
            if self.owners[at] not in met:
                met.add(self.owners[at])
                yield at, self.owners[at]

    def among(self, living: Set[int]) -> SlotTable:
        """The table that requests see while only `living` answer: all other slots walk on to the next living owner."""
        gone = [slot for slot, owner in enumerate(self.owners) if owner not in living]
        if not gone:
            return self
        first = next((owner for owner in self.owners if owner in living), NOBODY)
        owners = [*self.owners, first]  # behind the last slot comes the first one
        for slot in reversed(gone):
            owners[slot] = owners[slot + 1]
        return SlotTable(tuple(owners[: self.slots]))

    def digest(self) -> str:
        """A short name of exactly this table, the same on every machine: 16 hex digits."""
        return sha256(",".join(map(str, self.owners)).encode()).hexdigest()[:16]
