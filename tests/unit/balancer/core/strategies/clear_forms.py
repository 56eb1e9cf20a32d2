"""The clear forms of the strategies: what each table is by definition, without regard to time.

Each is a list of M owners for members of weight 1 and more. Tests compare the strategies with them, slot by slot. The
strategy `course` is its own clear form.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import islice

from balancer.core.slot_table import NOBODY, Member, SlotTable
from balancer.core.strategies import Maglev, Ring, Strategy, Table
from balancer.core.strategies import table as table_module
from balancer.core.strategies.scores import mix
from balancer.core.strategies.table import quotas

CIRCLE = 1 << 64


def clear(placing: Strategy, members: Collection[Member], current: SlotTable) -> tuple[int, ...]:
    """The owners of all slots. One member at least has a weight, and `current` has the strategy's M."""
    bearing = [member for member in members if member.weight]
    match placing:
        case Table():
            return tuple(table(placing, bearing, current))
        case Ring():
            return tuple(ring(placing, bearing))
        case Maglev():
            return tuple(maglev(placing, bearing))
    raise TypeError(placing)


# table: all pairs of a slot and a taker in the order of their margins.


def table(placing: Table, members: Collection[Member], current: SlotTable) -> list[int]:
    held = current.counts()
    owners = list(current.owners)
    for slot, ring_id in moves(owners, held, quotas(members, held, placing.slots)).items():
        owners[slot] = ring_id
    return owners


def moves(owners: Sequence[int], held: Mapping[int, int], quota: Mapping[int, int]) -> dict[int, int]:
    missing = {taker: quota[taker] - held.get(taker, 0) for taker in sorted(quota) if quota[taker] > held.get(taker, 0)}
    excess = {ring_id: held[ring_id] - want for ring_id, want in quota.items() if held.get(ring_id, 0) > want}
    slots = [slot for slot, owner in enumerate(owners) if owner not in quota or owner in excess]
    chosen: dict[int, int] = {}
    while missing:
        for _, slot, taker in sorted(pairs(slots, owners, excess, list(missing))):
            owner = owners[slot]
            if slot in chosen or not missing[taker] or excess.get(owner, 1) == 0:
                continue
            chosen[slot] = taker
            missing[taker] -= 1
            if owner in excess:
                excess[owner] -= 1
        missing = {taker: count for taker, count in missing.items() if count}
        slots = [slot for slot in slots if slot not in chosen and excess.get(owners[slot], 1)]
    return chosen


def pairs(
    slots: Sequence[int], owners: Sequence[int], excess: Collection[int], takers: Sequence[int]
) -> Iterator[tuple[int, int, int]]:
    """(-margin, slot, taker) for each slot and as many takers as can be scored in one round."""
    taken = min(len(takers), max(1, table_module._MOST_PAIRS // len(slots)))
    around = [*takers, *takers]
    for slot in slots:
        first = mix(slot) % len(takers) if taken < len(takers) else 0
        seed = mix(slot + 1)
        scores = {taker: mix(seed ^ taker) for taker in around[first : first + taken]}
        old = mix(seed ^ owners[slot]) if owners[slot] in excess else max(scores.values())
        for taker, new in scores.items():
            yield old - new, slot, taker


# ring: from every slot's beginning the points clockwise, until none further on can win.


def ring(placing: Ring, members: Collection[Member]) -> list[int]:
    once = sorted(
        (point, member.ring_id, member.weight)
        for member in members
        for point in placing.virtual_server_points(member.ring_id)
    )
    points = [*once, *((point + CIRCLE, ring_id, weight) for point, ring_id, weight in once)]
    heaviest = max(member.weight for member in members)
    owners = []
    first = 0
    for start in range(0, CIRCLE, CIRCLE // placing.slots):
        while points[first][0] < start:
            first += 1
        owners.append(nearest(points, first, start, heaviest))
    return owners


def nearest(points: Sequence[tuple[int, int, int]], first: int, start: int, heaviest: int) -> int:
    """The ring id of the point with the least distance / weight from `start`; of equal ones the smaller ring id."""
    point, winner, weight = points[first]
    least, over = point - start + 1, weight
    for at in range(first + 1, len(points)):
        point, ring_id, weight = points[at]
        distance = point - start + 1
        if distance * over > least * heaviest:
            break
        if (distance * over, ring_id) < (least * weight, winner):
            winner, least, over = ring_id, distance, weight
    return winner


# maglev: the paper's turns, with Envoy's credits for weights.


def maglev(placing: Maglev, members: Collection[Member]) -> list[int]:
    owners = [NOBODY] * placing.slots
    preferences = {member.ring_id: permutation(placing, member.ring_id) for member in members}
    for ring_id in islice(order(members), placing.slots):
        for slot in preferences[ring_id]:
            if not owners[slot]:
                owners[slot] = ring_id
                break
    return owners


def permutation(placing: Maglev, ring_id: int) -> Iterator[int]:
    """All slots, each once, in the order in which the server tries to take them."""
    slot, skip = placing.wishes(ring_id)
    for _ in range(placing.slots):
        yield slot
        slot = (slot + skip) % placing.slots


def order(members: Collection[Member]) -> Iterator[int]:
    """The ring ids in the order of turns, without end. In each round the members come in the order of their ring ids,
    and only those whose credit is large enough have a turn."""
    in_order = sorted(members, key=lambda member: member.ring_id)
    heaviest = max(member.weight for member in members)
    credit = {member.ring_id: 0 for member in members}
    while True:
        for member in in_order:
            credit[member.ring_id] += member.weight
            if credit[member.ring_id] >= heaviest:
                credit[member.ring_id] -= heaviest
                yield member.ring_id
