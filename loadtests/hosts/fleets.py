"""Large fleets, and the changes that are measured: pure values."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any

from balancer.adapters.edges.wire import VERBS
from balancer.core.activity import Activity
from balancer.core.fleet import Fleet
from balancer.core.load import Load
from balancer.core.ring_profile import RingProfile
from balancer.core.server_load import ServerCounters
from balancer.core.slot_table import SlotTable
from balancer.core.strategies import Table


def fleet(servers: int, slots: int) -> Fleet:
    """All of them serve."""
    return _grown(Fleet.empty(RingProfile(strategy=Table(slots=slots))), servers)


def one_more(before: Fleet) -> Fleet:
    return _grown(before, 1)


def turned(before: Fleet) -> Fleet:
    """Every slot has another owner."""
    ids = [server.ring_id for server in before.servers]
    after = dict(zip(ids, [*ids[1:], ids[0]], strict=True))
    return replace(before, table=SlotTable(tuple(after[owner] for owner in before.table.owners)))


def answers(of: Fleet) -> dict[str, str]:
    """verb → the result as JSON, of an edge that has worked for a while."""
    draw = random.Random(1)  # noqa: S311 (it must repeat itself)
    instances = [server.instance for server in of.servers]
    told: dict[str, Any] = {
        "activity": {
            name: Activity(draw.randrange(5), draw.randrange(10**9), draw.randrange(10**8), draw.randrange(100))
            for name in instances
        },
        "counters": {
            name: ServerCounters(
                draw.randrange(5), draw.randrange(10**7), draw.randrange(100), draw.randrange(99) / 1e3
            )
            for name in instances
        },
        "load": Load(draw.randrange(1000), 0.012),
    }
    return {verb: json.dumps(VERBS[verb].encode(result)) for verb, result in told.items()}


def _grown(before: Fleet, count: int) -> Fleet:
    first = before.next_ring_id
    joining = before.begin_join([f"S{number}" for number in range(first, first + count)])
    return joining.grow(
        {f"S{number}": f"10.78.{number // 250}.{number % 250 + 1}:5000" for number in range(first, first + count)}
    )
