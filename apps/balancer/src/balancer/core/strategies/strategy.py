"""What every placement strategy is: members and the present table in, the next table out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection
from dataclasses import fields
from typing import ClassVar

from balancer.core.errors import InvalidRequest, RingFull
from balancer.core.slot_table import Member, SlotTable

POWERS_OF_TWO = tuple(1 << exponent for exponent in range(1, 17))


class Strategy(ABC):
    """A pure function with its parameters, which are the fields of a frozen dataclass: a ring profile names them, and
    `__post_init__` raises InvalidRequest for values that cannot be. The order of the members never matters.
    """

    __slots__ = ()

    name: ClassVar[str]
    weighted: ClassVar[bool] = True
    """Whether shares follow the weights; where not, all weights have to be 1."""
    usual_hash: ClassVar[str] = "crc32"
    """The request hash of a profile that names none."""

    slots: int
    """M, the length of every table it returns."""

    @classmethod
    def parameters(cls) -> tuple[str, ...]:
        """The names of its fields, in a ring profile beside its name."""
        return tuple(parameter.name for parameter in fields(cls))  # type: ignore[arg-type]  # a dataclass, see above

    @property
    def capacity(self) -> int:
        """The largest number of members it can place."""
        return self.slots

    @abstractmethod
    def _place(self, members: Collection[Member], current: SlotTable) -> SlotTable:
        """The table for at least one and at most `capacity` members, all weights ≥ 1; `current` has M slots."""

    def place(self, members: Collection[Member], current: SlotTable) -> SlotTable:
        """The table for `members`; those of weight 0 own nothing, and a table of another M counts as empty.

        Raises RingFull above the capacity, InvalidRequest for weights that the strategy cannot follow.
        """
        if len(members) > self.capacity:
            raise RingFull(f"{self._holds()} holds at most {self.capacity} servers, not {len(members)}")
        if not self.weighted and any(member.weight != 1 for member in members):
            raise InvalidRequest(f"weight: the strategy {self.name} knows no weights: every server's has to be 1")
        bearing = [member for member in members if member.weight]
        empty = SlotTable.empty(self.slots)
        if not bearing:
            return empty
        return self._place(bearing, current if current.slots == self.slots else empty)

    def _holds(self) -> str:
        return f"a ring of {self.slots} slots (strategy {self.name})"


def check_choice(field: str, value: object, choices: Collection[str]) -> None:
    if not isinstance(value, str) or value not in choices:
        raise InvalidRequest(f"{field} must be one of {', '.join(choices)}")


def check_integer(field: str, value: object, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InvalidRequest(f"{field} must be an integer from {low} to {high}")


def check_power_of_two(field: str, value: object, *, or_else: Collection[int] = ()) -> None:
    """M is a power of two, so that every digest's last bits are as good as all of it; `or_else`: or one of these."""
    is_integer = isinstance(value, int) and not isinstance(value, bool)
    if not is_integer or value not in (*POWERS_OF_TWO, *or_else):
        also = "".join(f", or {other}" for other in or_else)
        raise InvalidRequest(f"{field} must be a power of two from 2 to {POWERS_OF_TWO[-1]}{also}")
