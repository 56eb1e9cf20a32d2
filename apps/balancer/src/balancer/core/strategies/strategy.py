"""What every placement strategy is: members and the present table in, the next table out."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from balancer.core.slot_table import Member, SlotTable


class Strategy(Protocol):
    """A pure function with its parameters; the order of the members never matters."""

    @property
    def slots(self) -> int:
        """M, the length of every table it returns."""

    @property
    def capacity(self) -> int:
        """The largest number of members it can place."""

    def place(self, members: Collection[Member], current: SlotTable) -> SlotTable:
        """The table for `members`. Raises RingFull above the capacity."""
