"""The course handout's ring: K virtual servers per server at Φ(i, j), linear probing, servers in id order.

Source: "Implementing a Customizable Load Balancer": Φ(i, j) = i² + j² + 2j + 25 mod M, M = 512, K = 9. A pure
function of the member set. It is unbalanced by construction (ids 1, 2, 3 own 84 %, 5 %, 11 % of the slots).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from balancer.core.errors import RingFull
from balancer.core.slot_table import NOBODY, Member, SlotTable


def virtual_server_hash(ring_id: int, virtual_server: int) -> int:
    """Φ(i, j), before the modulus."""
    return ring_id**2 + virtual_server**2 + 2 * virtual_server + 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    slots: int = 512
    virtual_servers: int = 9

    @property
    def capacity(self) -> int:
        return self.slots // self.virtual_servers

    def place(self, members: Collection[Member], current: SlotTable) -> SlotTable:
        points = self.points(members)
        ring = SlotTable(tuple(points.get(slot, NOBODY) for slot in range(self.slots)))
        return ring.among(frozenset(member.ring_id for member in members))

    def points(self, members: Collection[Member]) -> dict[int, int]:
        """slot → ring id of the virtual server that sits on it: exactly K slots per member."""
        if len(members) > self.capacity:
            raise RingFull(
                f"the course ring holds at most {self.capacity} servers "
                f"({self.slots} slots / {self.virtual_servers} virtual servers each)"
            )
        points: dict[int, int] = {}
        for ring_id in sorted(member.ring_id for member in members):
            for virtual_server in range(self.virtual_servers):
                slot = virtual_server_hash(ring_id, virtual_server) % self.slots
                while slot in points:
                    slot = (slot + 1) % self.slots
                points[slot] = ring_id
        return points
