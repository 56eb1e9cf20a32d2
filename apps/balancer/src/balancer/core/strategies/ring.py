"""The strategy `ring`: the classic hash ring, with K virtual servers for each server at hashed points of a circle.

A slot belongs to the next virtual server clockwise. Source: Karger et al. 1997. Weights divide distances: a slot
belongs to the virtual server with the least distance / weight (the linear method of Schindelhauer & Schomaker 2005). So
a new server takes slots but moves no others, for any weights. The table depends on the members alone.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar, Self

from balancer.core.hashing import DIGESTS
from balancer.core.slot_table import NOBODY, Member, SlotTable
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

MOST_KEPT = 1 << 13
"""The points of so many servers are kept, 10 bytes for each."""


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
        return SlotTable(tuple(_owners(_Fronts.of(self, members))))

    def virtual_server_points(self, ring_id: int) -> tuple[int, ...]:
        """The points of the server's K virtual servers on a circle of 2⁶⁴."""
        return _points(ring_id, self.virtual_servers, self.point_hash, self.slots if self.points == "slots" else 0)

    def placed_points(self, ring_id: int) -> tuple[Sequence[int], Sequence[int]]:
        return _placed_points(self, ring_id)

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


# The points within the width of slot s, from its beginning on, are ahead of slot s and of all slots before it. A point is
# no use to any of them where a point of at least the same weight is nearer. So what remains of a slot's points gets
# lighter towards its beginning: one point only, where all weights are equal.


@dataclass(frozen=True, slots=True)
class _Fronts:
    """Of every slot the points that are of use, by their distance from the slot's beginning.

    `nearest[slot]` and `holders[slot]`: the nearest point and its server; None where there is none. `behind`: slot → the
    heavier points behind it, (distance, server), heaviest first. `begin`: the slot of a point of the heaviest weight.
    """

    width: int
    begin: int
    nearest: Sequence[int]
    holders: Sequence[Member | None]
    behind: Mapping[int, Sequence[tuple[int, Member]]]

    @classmethod
    def of(cls, ring: Ring, members: Collection[Member]) -> Self:
        width = _CIRCLE // ring.slots
        nearest = array("Q", [width]) * ring.slots
        holders: list[Member | None] = [None] * ring.slots
        behind: dict[int, list[tuple[int, Member]]] = {}
        heaviest_first = sorted(members, key=lambda member: (-member.weight, member.ring_id))
        for member in heaviest_first:
            for slot, distance in zip(*ring.placed_points(member.ring_id), strict=True):
                if distance < nearest[slot]:
                    other = holders[slot]
                    if other is not None and other.weight > member.weight:
                        behind.setdefault(slot, []).append((nearest[slot], other))
                    nearest[slot] = distance
                    holders[slot] = member
        begin = ring.placed_points(heaviest_first[0].ring_id)[0][0]
        return cls(width, begin, nearest, holders, behind)


def _owners(fronts: _Fronts) -> list[int]:
    """The owner of every slot. From the beginning of a heaviest point it goes once round the circle, backwards: behind
    that point there is none that is of use. `ahead` are the points that may win from here on, heaviest and furthest
    first: (point, weight, ring id).
    """
    slots, width = len(fronts.holders), fronts.width
    owners = [NOBODY] * slots
    ahead: list[tuple[int, int, int]] = []
    for slot in range(fronts.begin, fronts.begin - slots, -1):
        start = slot * width
        holder = fronts.holders[slot]
        if holder is not None:
            for distance, member in (*fronts.behind.get(slot % slots, ()), (fronts.nearest[slot], holder)):
                while ahead and ahead[-1][1] <= member.weight:
                    ahead.pop()
                ahead.append((start + distance, member.weight, member.ring_id))
        owners[slot] = ahead[0][2] if len(ahead) == 1 else _winner(ahead, start)
    return owners


def _winner(ahead: list[tuple[int, int, int]], start: int) -> int:
    """The ring id of the point with the least distance / weight from `start`; of equal ones the smaller ring id.

    Lighter points than the winner are taken from `ahead`: further on their distances grow by more. The search ends
    where the points are so far away that even one of the heaviest could not win.
    """
    heaviest = ahead[0][1]
    best = len(ahead) - 1
    point, over, winner = ahead[best]
    least = point - start + 1
    for at in range(best - 1, -1, -1):
        point, weight, ring_id = ahead[at]
        distance = point - start + 1
        here, there = distance * over, least * weight
        if here < there or (here == there and ring_id < winner):
            best, least, over, winner = at, distance, weight, ring_id
        elif here > least * heaviest:
            break
    del ahead[best + 1 :]
    return winner


def _points(ring_id: int, virtual_servers: int, point_hash: str, slots: int) -> tuple[int, ...]:
    hashes = (DIGESTS[point_hash](f"{ring_id}:{number}".encode()) for number in range(virtual_servers))
    if not slots:
        return tuple(value % (1 << 32) << 32 for value in hashes)
    width = _CIRCLE // slots
    return tuple(value % slots * width + value // slots for value in hashes)


@lru_cache(maxsize=MOST_KEPT)
def _placed_points(ring: Ring, ring_id: int) -> tuple[Sequence[int], Sequence[int]]:
    """The slots of the server's points, ascending, and their distances from the beginnings of these slots. They are
    kept, because a change of one server would hash all others again."""
    width = _CIRCLE // ring.slots
    placed = [divmod(point, width) for point in sorted(ring.virtual_server_points(ring_id))]
    return array("H", [slot for slot, _ in placed]), array("Q", [distance for _, distance in placed])
