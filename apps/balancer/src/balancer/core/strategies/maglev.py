"""The strategy `maglev`: each server takes free slots in its own order, one a turn, until all slots are taken.

Source: Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load Balancer", NSDI 2016, 3.4. Weights work as
in Envoy: in each round a server's credit grows by its weight, and it has a turn when the credit reaches the largest
weight. The table depends on the members alone. Shares are exact to a few slots. A change also moves a few slots between
servers that did not change.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass
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
        in_order = sorted(members, key=lambda member: member.ring_id)
        ring_ids = [member.ring_id for member in in_order]
        next_slots, skips = map(list, zip(*map(self.wishes, ring_ids), strict=True))
        owners = [NOBODY] * self.slots
        for at in turns([member.weight for member in in_order], self.slots):
            slot = next_slots[at]
            while owners[slot]:
                slot = (slot + skips[at]) % self.slots
            owners[slot] = ring_ids[at]
            next_slots[at] = slot
        return SlotTable(tuple(owners))

    def wishes(self, ring_id: int) -> tuple[int, int]:
        """The slot that the server tries to take first, and its skip: how much further on the next one is each time. So
        it comes to every slot once in M tries."""
        name = str(ring_id).encode()
        first = xxhash.xxh64_intdigest(name, seed=1) % self.slots
        skip = xxhash.xxh64_intdigest(name, seed=2) % (self.slots - 1) + 1
        return first, skip if self.slots == PRIME else skip | 1


def turns(weights: Sequence[int], count: int) -> list[int]:
    """The first `count` turns, each as the index of the weight whose turn it is.

    Turn t of the weight w comes in the round ⌈t · heaviest / w⌉, in which t · heaviest is first covered by the credits.
    """
    heaviest = max(weights)
    last = bisect_left(range(count), count, key=lambda rounds: sum(rounds * weight // heaviest for weight in weights))
    order = [
        -(-turn * heaviest // weight) * len(weights) + at
        for at, weight in enumerate(weights)
        for turn in range(1, last * weight // heaviest + 1)
    ]
    order.sort()
    return [place % len(weights) for place in order[:count]]
