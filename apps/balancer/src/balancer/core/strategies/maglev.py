"""The strategy `maglev`: each server takes free slots in its own order, one a turn, until all slots are taken.

Source: Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load Balancer", NSDI 2016, 3.4. Weights work as
in Envoy: in each round a server's credit grows by its weight, and it has a turn when the credit reaches the largest
weight. The table depends on the members alone. Shares are exact to a few slots. A change also moves a few slots between
servers that did not change.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import ClassVar

import xxhash

from balancer.core.slot_table import NOBODY, Member, SlotTable
from balancer.core.strategies.strategy import Strategy, check_power_of_two, parameter

PRIME = 65_537


@dataclass(frozen=True, slots=True, kw_only=True)
class Maglev(Strategy):
    """M = `slots`: the prime 65537 or a power of two. An odd skip reaches every slot of both."""

    name: ClassVar[str] = "maglev"

    slots: int = parameter(PRIME, "M, a power of two or 65537.")

    def __post_init__(self) -> None:
        check_power_of_two("slots", self.slots, or_else=(PRIME,))

    def _place(self, members: Collection[Member], current: SlotTable) -> SlotTable:
        owners = [NOBODY] * self.slots
        preferences = {member.ring_id: self.permutation(member.ring_id) for member in members}
        for ring_id in islice(_order(members), self.slots):
            for slot in preferences[ring_id]:
                if not owners[slot]:
                    owners[slot] = ring_id
                    break
        return SlotTable(tuple(owners))

    def permutation(self, ring_id: int) -> Iterator[int]:
        """All slots, each once, in the order in which the server tries to take them."""
        name = str(ring_id).encode()
        slot = xxhash.xxh64_intdigest(name, seed=1) % self.slots
        skip = xxhash.xxh64_intdigest(name, seed=2) % (self.slots - 1) + 1
        if self.slots != PRIME:
            skip |= 1
        for _ in range(self.slots):
            yield slot
            slot = (slot + skip) % self.slots


def _order(members: Collection[Member]) -> Iterator[int]:
    """The ring ids in the order of turns, without end. In each round the members come in the order of their ring ids,
    and only those whose credit is large enough have a turn."""
    in_order = sorted(members, key=lambda member: member.ring_id)
    heaviest = max(member.weight for member in members)
    credit = {member.ring_id: 0 for member in members}
    while True:
        for member in in_order:
            credit[member.ring_id] += member.weight
            if credit[member.ring_id] >= heaviest:
                credit[member.ring_id] -= heaviest
                yield member.ring_id
