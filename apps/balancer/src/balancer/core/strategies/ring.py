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
_NEVER = -2 * _CIRCLE
MOST_VIRTUAL_SERVERS = 1024

MOST_KEPT = 4096
"""The points of so many servers are kept, 10 bytes for each point."""


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
        return SlotTable(tuple(_owners(_Useful.of(self, members))))

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


# The points of slot s are those from its beginning up to that of slot s + 1. They are ahead of slot s and of all slots
# before it. To none of these is a point of any use where a nearer one has at least its weight, or where a heavier one
# is no worse at the beginning of slot s: further back that one is better, because its distance / weight grows by less.
# So the useful points of a slot get heavier with their distance; where all weights are equal there is one.


@dataclass(frozen=True, slots=True)
class _Useful:
    """The useful points of every slot. `distances[slot]`, `servers[slot]`: how far behind the slot's beginning the
    nearest one is, and whose it is; None where there is none. `others[slot]`: the others, the heaviest first. `begin`:
    a slot that has a point of the heaviest weight."""

    distances: Sequence[int]
    servers: Sequence[Member | None]
    others: Sequence[tuple[tuple[int, Member], ...]]
    begin: int

    @classmethod
    def of(cls, ring: Ring, members: Collection[Member]) -> Self:
        distances = array("Q", [_CIRCLE // ring.slots]) * ring.slots
        servers: list[Member | None] = [None] * ring.slots
        others: list[tuple[tuple[int, Member], ...]] = [()] * ring.slots
        heaviest_first = sorted(members, key=lambda member: (-member.weight, member.ring_id))
        for member in heaviest_first:
            ring_id, weight = member.ring_id, member.weight
            for slot, distance in zip(*_points_on_slots(ring, ring_id), strict=True):
                least = distances[slot]
                if distance < least:
                    further = servers[slot]
                    if further is not None and further.weight > weight:
                        here, there = (distance + 1) * further.weight, (least + 1) * weight
                        if here > there or (here == there and further.ring_id < ring_id):
                            continue
                        others[slot] = (*others[slot], (least, further))
                    distances[slot] = distance
                    servers[slot] = member
        (begin, *_), _ = _points_on_slots(ring, heaviest_first[0].ring_id)
        return cls(distances, servers, others, begin)


def _owners(useful: _Useful) -> list[int]:
    """The owner of every slot, found backwards, once round the circle. It begins at a point of the heaviest weight,
    because none beyond it is useful. `ahead`: the points that win one after the other from here on, the last one
    first. Each is (point, weight, ring id, the furthest start at which it loses)."""
    slots = len(useful.servers)
    width = _CIRCLE // slots
    distances, servers, others = useful.distances, useful.servers, useful.others
    owners = [NOBODY] * slots
    ahead: list[tuple[int, int, int, int]] = []
    owner, last = NOBODY, _NEVER
    start = (useful.begin + 1) * width
    for slot in range(useful.begin, useful.begin - slots, -1):
        start -= width
        nearest = servers[slot]
        if nearest is not None:
            for distance, server in others[slot]:
                _meet(ahead, start + distance + 1, server)
            _meet(ahead, start + distances[slot] + 1, nearest)
            _, _, owner, last = ahead[-1]
        while start <= last:
            ahead.pop()
            _, _, owner, last = ahead[-1]
        owners[slot] = owner
    return owners


def _meet(ahead: list[tuple[int, int, int, int]], point: int, server: Member) -> None:
    """Adds the server's point, which is nearer than all that are ahead. Takes away those that do not win any more:
    those that are not heavier, and those that lose to a heavier one before the new point loses to them."""
    weight, ring_id = server.weight, server.ring_id
    while ahead and ahead[-1][1] <= weight:
        ahead.pop()
    loses = _NEVER
    while ahead:
        further, heavier, other, last = ahead[-1]
        loses = (point * heavier - further * weight - (ring_id < other)) // (heavier - weight)
        if loses > last:
            break
        ahead.pop()
    ahead.append((point, weight, ring_id, loses))


def _points(ring_id: int, virtual_servers: int, point_hash: str, slots: int) -> tuple[int, ...]:
    hashes = (DIGESTS[point_hash](f"{ring_id}:{number}".encode()) for number in range(virtual_servers))
    if not slots:
        return tuple(value % (1 << 32) << 32 for value in hashes)
    width = _CIRCLE // slots
    return tuple(value % slots * width + value // slots for value in hashes)


@lru_cache(maxsize=MOST_KEPT)
def _points_on_slots(ring: Ring, ring_id: int) -> tuple[Sequence[int], Sequence[int]]:
    """The slots of the server's points, ascending, and how far behind their beginnings the points are. They are kept:
    otherwise a change of one server would hash the points of all others again."""
    width = _CIRCLE // ring.slots
    placed = [divmod(point, width) for point in sorted(ring.virtual_server_points(ring_id))]
    return array("H", [slot for slot, _ in placed]), array("Q", [distance for _, distance in placed])
