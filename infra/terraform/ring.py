"""Prints modules/ringmaster/ring.json: what the strategies take, by which Terraform refuses a ring at plan time."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from balancer.core.hashing import DIGESTS
from balancer.core.strategies import Course, Maglev, Ring, Strategy, Table
from balancer.core.strategies.course import PROBES
from balancer.core.strategies.maglev import PRIME
from balancer.core.strategies.ring import MOST_VIRTUAL_SERVERS, USUAL_VIRTUAL_SERVERS
from balancer.core.strategies.strategy import POWERS_OF_TWO


def rules() -> dict[str, Any]:
    """Strategy → its rules. Where virtual servers of the strategy ring sit in slots, its rules are others."""
    points: dict[str, Collection[str]] = {"points": USUAL_VIRTUAL_SERVERS, "point_hash": DIGESTS}
    return {
        "table": _takes(Table(), choices={"slots": POWERS_OF_TWO}),
        "course": _takes(Course(), choices={"slots": POWERS_OF_TWO, "probing": PROBES}),
        "ring": _takes(Ring(), most=MOST_VIRTUAL_SERVERS, choices={"slots": POWERS_OF_TWO, **points}),
        "ring of slots": _takes(Ring(points="slots"), choices={"slots": POWERS_OF_TWO, **points}),
        "maglev": _takes(Maglev(), choices={"slots": (*POWERS_OF_TWO, PRIME)}),
    }


def _takes(
    usual: Strategy, *, choices: Mapping[str, Collection[int] | Collection[str]], most: int = max(POWERS_OF_TWO)
) -> dict[str, Any]:
    """`usual`: the strategy without parameters. `most`: virtual servers of a server, which the room may bound further.
    `choices`: parameter → all that it may be."""
    virtual_servers = getattr(usual, "virtual_servers", None)
    return {
        "slots": usual.slots,
        "virtual_servers": virtual_servers and {"usual": virtual_servers, "most": most},
        "virtual_servers_sit_in_slots": usual.capacity < usual.slots,
        "weighted": usual.weighted,
        "choices": {parameter: list(values) for parameter, values in choices.items()},
    }


if __name__ == "__main__":
    print(json.dumps(rules(), indent=2))
