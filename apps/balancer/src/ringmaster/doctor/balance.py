"""Findings about balance: what the ring promises, and what was measured."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from ringmaster.doctor.finding import Finding, note, well, wrong

_LOPSIDED = 1.5
"""A server's share over what its weight says, from which the ring itself is lopsided."""
_UNEVEN = 1.25
_DEVIATIONS = 4.0
"""Standard deviations that are put down to chance."""


def of_the_ring(ring: Mapping[str, Any]) -> Iterator[Finding]:
    """Whether the slots follow the weights."""
    serving = [server for server in ring["servers"] if server["state"] == "serving" and server["warmth"] == 1]
    weights = sum(server["weight"] for server in serving)
    ratios = {
        server["hostname"]: server["share"] * weights / server["weight"] for server in serving if server["weight"]
    }
    worst = max(ratios, key=lambda name: ratios[name], default=None)
    if worst is None or ratios[worst] <= _LOPSIDED:
        yield well("shares", "they follow the weights")
        return
    yield note(
        "shares",
        f"the ring is lopsided: {worst} gets {ratios[worst]:.2f} times what its weight says",
        "ringmaster ring preview --strategy table shows an even one",
    )


def measured(load: Mapping[str, Any]) -> Iterator[Finding]:
    """Whether requests are spread as the ring promises. Chance alone makes them uneven where they are few."""
    imbalance = load["imbalance"]
    if imbalance is None:
        yield well("balance", "fewer than 100 requests to judge by")
        return
    if imbalance <= _UNEVEN + _chance(load):
        yield well("balance", f"the busiest server has {imbalance:.2f} times what the ring promises")
        return
    yield wrong(
        "balance",
        f"one server has {imbalance:.2f} times what the ring promises; with a key, few keys may make most requests",
        "ringmaster load shows which; ringmaster ring set --bound 1.25 limits it",
    )


def _chance(load: Mapping[str, Any]) -> float:
    """What chance may add to the imbalance of so many requests."""
    requests = sum(server["requests"] for server in load["servers"])
    least = min((server["expected"] for server in load["servers"] if server["expected"] > 0), default=0)
    return _DEVIATIONS / math.sqrt(requests * least) if requests and least else math.inf
