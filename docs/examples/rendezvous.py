"""Rendezvous hashing as a strategy: every slot goes to the server with the best score for it.

Source: Thaler & Ravishankar 1998. Exactly as even as chance, and a change moves no slot that it does not have to: a
newcomer takes the slots where it is the best, and nobody else's score knows of it.
"""

from collections.abc import Collection
from dataclasses import dataclass
from math import log
from typing import ClassVar

import xxhash

from balancer.core.slot_table import Member, SlotTable
from balancer.core.strategies.strategy import Strategy, check_power_of_two


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendezvous(Strategy):
    """Its fields are its parameters: the ring profile names them beside the strategy."""

    name: ClassVar[str] = "rendezvous"

    slots: int = 512

    def __post_init__(self) -> None:
        check_power_of_two("slots", self.slots)

    def _place(self, members: Collection[Member], current: SlotTable) -> SlotTable:
        return SlotTable(tuple(min(members, key=lambda one: cost(slot, one)).ring_id for slot in range(self.slots)))


def cost(slot: int, member: Member) -> tuple[float, int]:
    """An exponentially distributed number over the weight: the least of several is a server's with the probability of
    its part of all weights. Of two alike the smaller id wins, whatever the order of the members."""
    drawn = xxhash.xxh64_intdigest(f"{slot}:{member.ring_id}".encode()) + 1
    return -log(drawn / 2**64) / member.weight, member.ring_id
