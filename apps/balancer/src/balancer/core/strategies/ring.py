"""The strategy `ring`: the classic hash ring, with K virtual servers for each server at hashed points of a circle.

A slot belongs to the next virtual server clockwise. Source: Karger et al. 1997. Weights divide distances: a slot
belongs to the virtual server with the least distance / weight (the linear method of Schindelhauer & Schomaker 2005). So
a new server takes slots but moves no others, for any weights. The table depends on the members alone.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

from balancer.core.hashing import DIGESTS
from balancer.core.slot_table import Member, SlotTable
from balancer.core.strategies.strategy import (
    Strategy,
    check_choice,
    check_integer,
    check_power_of_two,
    parameter,
)

USUAL_VIRTUAL_SERVERS = {"2^32": 160, "slots": 9}
"""K where none is given, for each value of `points`."""

_CIRCLE = 1 << 64
MOST_VIRTUAL_SERVERS = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring(Strategy):
    """M = `slots`, K = `virtual_servers`; K = 0 stands for the usual number. `point_hash` hashes "<ring id>:<j>", j = 0
    … K - 1, to the point of a virtual server.

    `points` "2^32": the point is the hash mod 2³², and slot s begins at s · 2³² / M. `points` "slots": the point is on
    the slot hash mod M, as in the original project; the rest of the hash orders the points on one slot.
    """

    name: ClassVar[str] = "ring"

    slots: int = parameter(512, "M, a power of two.")
    virtual_servers: int = parameter(0, "K; 0 stands for the usual number.")
    points: str = parameter("2^32", "Where virtual servers can be: 2^32 or slots.")
    point_hash: str = parameter("xxh64", "What makes their points: xxh64, md5, sha1 or sha256.")

    def __post_init__(self) -> None:
        check_power_of_two("slots", self.slots)
        check_choice("points", self.points, USUAL_VIRTUAL_SERVERS)
        check_choice("point_hash", self.point_hash, DIGESTS)
        most = self.slots if self.points == "slots" else MOST_VIRTUAL_SERVERS
        check_integer("virtual_servers", self.virtual_servers, 0, most)
        if not self.virtual_servers:
            object.__setattr__(self, "virtual_servers", min(most, USUAL_VIRTUAL_SERVERS[self.points]))

    @property
    def capacity(self) -> int:
        return self.slots // self.virtual_servers if self.points == "slots" else self.slots

    def _place(self, members: Collection[Member], current: SlotTable) -> SlotTable:
        once = sorted(
            (point, member.ring_id, member.weight)
            for member in members
            for point in self.virtual_server_points(member.ring_id)
        )
        ring = [*once, *((point + _CIRCLE, ring_id, weight) for point, ring_id, weight in once)]
        heaviest = max(member.weight for member in members)
        owners = []
        first = 0
        for start in range(0, _CIRCLE, _CIRCLE // self.slots):
            while ring[first][0] < start:
                first += 1
            owners.append(_nearest(ring, first, start, heaviest))
        return SlotTable(tuple(owners))

    def virtual_server_points(self, ring_id: int) -> tuple[int, ...]:
        """The points of the server's K virtual servers on a circle of 2⁶⁴."""
        return _points(ring_id, self.virtual_servers, self.point_hash, self.slots if self.points == "slots" else 0)

    def places(self, members: Collection[Member]) -> Mapping[int, tuple[float, ...]]:
        return {
            member.ring_id: tuple(sorted(_part(point) for point in self.virtual_server_points(member.ring_id)))
            for member in members
        }

    def _holds(self) -> str:
        return f"a ring of {self.slots} slots with {self.virtual_servers} virtual servers for each server"


def _part(point: int) -> float:
    """The point as a part of the circle. It is cut to 53 bits first, because the largest would be rounded to 1."""
    return (point >> 11) / (1 << 53)


def _nearest(ring: Sequence[tuple[int, int, int]], first: int, start: int, heaviest: int) -> int:
    """The ring id of the point with the least distance / weight from `start`; of equal ones the smaller ring id.

    `ring`: (point, ring id, weight) in the order of the points. `first`: the index of the first point from `start` on.
    The search ends where the points are so far away that even a point of the heaviest server could not win.
    """
    point, winner, weight = ring[first]
    least, over = point - start + 1, weight
    for at in range(first + 1, len(ring)):
        point, ring_id, weight = ring[at]
        distance = point - start + 1
        if distance * over > least * heaviest:
            break
        if (distance * over, ring_id) < (least * weight, winner):
            winner, least, over = ring_id, distance, weight
    return winner


@lru_cache(maxsize=1024)
def _points(ring_id: int, virtual_servers: int, point_hash: str, slots: int) -> tuple[int, ...]:
    hashes = (DIGESTS[point_hash](f"{ring_id}:{number}".encode()) for number in range(virtual_servers))
    if not slots:
        return tuple(value % (1 << 32) << 32 for value in hashes)
    width = _CIRCLE // slots
    return tuple(value % slots * width + value // slots for value in hashes)
