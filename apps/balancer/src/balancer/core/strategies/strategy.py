"""The interface of every placement strategy: it makes the next slot table of the members and the present table."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import field, fields
from functools import lru_cache
from typing import Any, ClassVar

from balancer.core.errors import InvalidRequest, RingFull
from balancer.core.slot_table import Member, SlotTable

POWERS_OF_TWO = tuple(1 << exponent for exponent in range(1, 17))


def parameter(usual: int | str, text: str) -> Any:
    """A parameter of a strategy with a text for users: a field of its dataclass whose default is `usual`."""
    return field(default=usual, metadata={"text": text})


class Strategy(ABC):
    """A strategy is a frozen dataclass; its fields are the parameters that a ring profile can give. `__post_init__`
    raises InvalidRequest for invalid values. `_place` is a pure function, and the order of the members does not matter.
    """

    __slots__ = ()

    name: ClassVar[str]
    weighted: ClassVar[bool] = True
    """Whether shares follow the weights. Where False, all weights have to be 1."""
    usual_hash: ClassVar[str] = "crc32"
    """The request hash of a profile that names none."""

    slots: int
    """M, the number of slots of every table that the strategy makes."""

    @classmethod
    def parameters(cls) -> tuple[str, ...]:
        """The names of the parameters: the fields of the dataclass."""
        return tuple(parameter.name for parameter in fields(cls))  # type: ignore[arg-type]  # a dataclass, see above

    @property
    def capacity(self) -> int:
        """The largest number of members that the strategy can place."""
        return self.slots

    @abstractmethod
    def _place(self, members: Collection[Member], current: SlotTable) -> SlotTable:
        """The table for at least one and at most `capacity` members. All weights are ≥ 1, and `current` has M slots."""

    def place(self, members: Collection[Member], current: SlotTable) -> SlotTable:
        """The table for `members`. Members of weight 0 own no slot. A `current` table of another M counts as empty.

        Raises RingFull for more members than the capacity, InvalidRequest for weights where the strategy has none.
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

    def places(self, members: Collection[Member]) -> Mapping[int, tuple[float, ...]]:
        """ring id → the places of its virtual servers as parts of the circle, 0 ≤ place < 1, ascending. Slot s is from
        s / M to (s + 1) / M. Empty where the strategy has no virtual servers."""
        return {}

    def _holds(self) -> str:
        return f"a ring of {self.slots} slots (strategy {self.name})"


@lru_cache(maxsize=8)
def table_of(strategy: Strategy, members: tuple[Member, ...], current: SlotTable) -> SlotTable:
    """strategy.place(members, current). The latest results are kept, because a large table takes a tenth of a second
    and a plug-in's may take seconds: who needs one under a lock has it made before."""
    return strategy.place(members, current)


def check_choice(field: str, value: object, choices: Collection[str]) -> None:
    if not isinstance(value, str) or value not in choices:
        raise InvalidRequest(f"{field} must be one of {', '.join(choices)}")


def check_integer(field: str, value: object, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InvalidRequest(f"{field} must be an integer from {low} to {high}")


def check_power_of_two(field: str, value: object, *, or_else: Collection[int] = ()) -> None:
    """Raises InvalidRequest unless M (`value`) is a power of two or one of `or_else`. With a power of two, M uses only
    the last bits of a hash, which are as good as all bits."""
    is_integer = isinstance(value, int) and not isinstance(value, bool)
    if not is_integer or value not in (*POWERS_OF_TWO, *or_else):
        also = "".join(f", or {other}" for other in or_else)
        raise InvalidRequest(f"{field} must be a power of two from 2 to {POWERS_OF_TWO[-1]}{also}")
