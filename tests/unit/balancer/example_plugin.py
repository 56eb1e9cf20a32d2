"""Plug-ins as users write them, and objects that are no plug-ins."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from typing import ClassVar

from balancer.core.request_hash import RequestHash
from balancer.core.slot_table import Member, SlotTable
from balancer.core.strategies.strategy import Strategy, check_power_of_two


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendezvous(Strategy):
    """Each slot belongs to the server with the highest score (Thaler & Ravishankar 1998). It has no weights."""

    name: ClassVar[str] = "rendezvous"
    weighted: ClassVar[bool] = False

    slots: int = 512
    salt: str = ""

    def __post_init__(self) -> None:
        check_power_of_two("slots", self.slots)

    def _place(self, members: Collection[Member], current: SlotTable) -> SlotTable:
        ring_ids = [member.ring_id for member in members]
        return SlotTable(tuple(max(ring_ids, key=lambda at: self._score(slot, at)) for slot in range(self.slots)))

    def _score(self, slot: int, ring_id: int) -> bytes:
        return hashlib.sha256(f"{self.salt}:{slot}:{ring_id}".encode()).digest()


LENGTH = RequestHash("length", len)
WITH_A_HAPROXY_FORM = RequestHash("length at the edge", len, "var(txn.key),length")

CRC32_AGAIN = RequestHash("crc32", len)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableAgain(Rendezvous):
    name: ClassVar[str] = "table"


class NoDataclass(Strategy):
    name = "no dataclass"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unfinished(Strategy):
    """A strategy without `_place`."""

    name: ClassVar[str] = "unfinished"

    slots: int = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Nameless(Strategy):
    slots: int = 512

    def _place(self, members: Collection[Member], current: SlotTable) -> SlotTable:
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Slotless(Strategy):
    name: ClassVar[str] = "slotless"

    def _place(self, members: Collection[Member], current: SlotTable) -> SlotTable:
        raise NotImplementedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Demanding(Rendezvous):
    """A strategy with a field that has no default, so that every profile would have to give it."""

    name: ClassVar[str] = "demanding"

    depth: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Thief(Rendezvous):
    """A strategy with a field of the same name as a field of every profile."""

    name: ClassVar[str] = "thief"

    key: str = "mine"


A_NUMBER = 7
AN_INSTANCE = Rendezvous()
