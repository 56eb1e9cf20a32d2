"""Members and tables as Hypothesis draws them, and the sums that the figures of a ring are made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hypothesis import strategies as st

from balancer.core.slot_table import Member, SlotTable
from balancer.core.strategies import Course, Maglev, Ring, Strategy, Table

TABLE = Table(slots=512)
COURSE = Course(slots=512, virtual_servers=9)
EMPTY = SlotTable.empty(512)

SMALL_TABLE = Table(slots=128)
PURE: dict[str, Strategy] = {
    "course": Course(slots=128),
    "course, triangular": Course(slots=128, probing="triangular"),
    "ring": Ring(slots=128, virtual_servers=20),
    "ring, on slots": Ring(slots=128, points="slots", point_hash="md5"),
    "maglev": Maglev(slots=128),
}
"""Functions of the member set alone. With 9 virtual servers on slots for each of 12 servers, many meet."""
EVERY: dict[str, Strategy] = {"table": SMALL_TABLE, **PURE}
"""What holds for any M is tried on 128 slots, which cost less."""

ring_ids = st.integers(min_value=1, max_value=10_000)
newcomers = st.integers(min_value=20_000, max_value=30_000)


def members(*, at_most: int = 12, lightest: int = 1, heaviest: int = 9) -> st.SearchStrategy[list[Member]]:
    """Different servers in any order, at least one; few ids, so that a server often was there before."""
    one = st.builds(Member, st.integers(1, 24), st.integers(lightest, heaviest))
    return st.lists(one, min_size=1, max_size=at_most, unique_by=lambda member: member.ring_id)


@st.composite
def histories(draw: st.DrawFn, *, slots: int = 128, at_most: int = 8) -> SlotTable:
    """A table that has seen up to three fleets."""
    table = SlotTable.empty(slots)
    for _ in range(draw(st.integers(0, 3))):
        table = Table(slots=slots).place(draw(members(at_most=at_most)), table)
    return table


def equal(ring_ids: Iterable[int]) -> list[Member]:
    return [Member(ring_id) for ring_id in ring_ids]


def suited(placing: Strategy, fleet: list[Member]) -> list[Member]:
    """The fleet as the strategy can place it: all of the same weight where it knows none."""
    return fleet if placing.weighted else equal(member.ring_id for member in fleet)


def fresh(strategy: Strategy, count: int) -> SlotTable:
    """The table of a new fleet with the ring ids 1 … count."""
    return strategy.place(equal(range(1, count + 1)), SlotTable.empty(strategy.slots))


def grown(count: int) -> SlotTable:
    """The balanced table of a fleet that grew server by server."""
    table = EMPTY
    for present in range(1, count + 1):
        table = TABLE.place(equal(range(1, present + 1)), table)
    return table


def owned(table: SlotTable, ring_id: int) -> set[int]:
    """The slots of a server."""
    return {slot for slot, owner in enumerate(table.owners) if owner == ring_id}


def shares(table: SlotTable, weights: Sequence[float]) -> dict[int, float]:
    """ring id → its part of all requests, where a slot gets `weights[slot]` of them."""
    parts: dict[int, float] = {}
    for owner, weight in zip(table.owners, weights, strict=True):
        parts[owner] = parts.get(owner, 0) + weight
    return parts


def peak_to_mean(parts: dict[int, float], *, servers: int) -> float:
    """p2m: the busiest server's part over the mean."""
    return max(parts.values()) * servers / sum(parts.values())
