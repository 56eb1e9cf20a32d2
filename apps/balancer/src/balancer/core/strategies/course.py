"""The strategy `course`: the handout's ring. Each server has K virtual servers, at the slots Φ(i, j).

Source: "Implementing a Customizable Load Balancer": Φ(i, j) = i² + j² + 2j + 25 mod M, M = 512, K = 9. Servers are
placed in the order of their ring ids; a virtual server whose slot is taken probes for a free one. The table depends on
the members alone. It is unbalanced by construction: the ring ids 1, 2, 3 own 89 %, 4 %, 6 % of the slots.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import ClassVar

from balancer.core.slot_table import NOBODY, Member, SlotTable
from balancer.core.strategies.strategy import (
    Strategy,
    check_choice,
    check_integer,
    check_power_of_two,
    parameter,
)

Probe = Callable[[list[int], int], int]
"""(free, place) → the slot of a virtual server. free[slot] is the slot itself where the slot is free, else a later
slot."""


def _linear(free: list[int], place: int) -> int:
    """The next free slot. Each step also shortens the way for later virtual servers, so that a full ring stays fast."""
    while free[place] != place:
        free[place] = free[free[place]]
        place = free[place]
    return place


def _triangular(free: list[int], place: int) -> int:
    """The first free slot among those 0, 1, 3, 6, 10 … further on. Where M is a power of two, these are all slots."""
    attempt = 0
    while free[place] != place:
        attempt += 1
        place = (place + attempt) % len(free)
    return place


PROBES: dict[str, Probe] = {"linear": _linear, "triangular": _triangular}
"""The handout names steps of t² as well. They are left out: they reach only 87 of 512 slots."""


def virtual_server_hash(ring_id: int, virtual_server: int) -> int:
    """Φ(i, j) without the modulus."""
    return ring_id**2 + virtual_server**2 + 2 * virtual_server + 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Course(Strategy):
    """M = `slots`, K = `virtual_servers` of each server."""

    name: ClassVar[str] = "course"
    weighted: ClassVar[bool] = False
    usual_hash: ClassVar[str] = "course"

    slots: int = parameter(512, "M, a power of two.")
    virtual_servers: int = parameter(9, "K.")
    probing: str = parameter("linear", "How a virtual server finds a free slot: linear or triangular.")

    def __post_init__(self) -> None:
        check_power_of_two("slots", self.slots)
        check_integer("virtual_servers", self.virtual_servers, 1, self.slots)
        check_choice("probing", self.probing, PROBES)

    @property
    def capacity(self) -> int:
        return self.slots // self.virtual_servers

    def _place(self, members: Collection[Member], current: SlotTable) -> SlotTable:
        points = self.points(members)
        ring = SlotTable(tuple(points.get(slot, NOBODY) for slot in range(self.slots)))
        return ring.among(frozenset(member.ring_id for member in members))

    def points(self, members: Collection[Member]) -> dict[int, int]:
        """slot → ring id of the virtual server at this slot: exactly K slots for each member."""
        probe = PROBES[self.probing]
        points: dict[int, int] = {}
        free = list(range(self.slots))
        for ring_id in sorted(member.ring_id for member in members):
            for virtual_server in range(self.virtual_servers):
                slot = probe(free, virtual_server_hash(ring_id, virtual_server) % self.slots)
                points[slot] = ring_id
                free[slot] = (slot + 1) % self.slots
        return points

    def places(self, members: Collection[Member]) -> Mapping[int, tuple[float, ...]]:
        """In the middle of its slot, which a virtual server has to itself."""
        places: dict[int, list[float]] = {}
        for slot, ring_id in sorted(self.points(members).items()):
            places.setdefault(ring_id, []).append((slot + 0.5) / self.slots)
        return {ring_id: tuple(own) for ring_id, own in places.items()}

    def _holds(self) -> str:
        return f"the course ring of {self.slots} slots and {self.virtual_servers} virtual servers for each server"
