"""What N may be after calls whose answers are known, lost or never came. Pure."""

from __future__ import annotations

from collections.abc import Iterable

CARRIED_OUT = frozenset({200})
UNKNOWN = frozenset({0, 502, 503})
"""The balancer or the engine went away meanwhile, or nobody answered (0): the call was finished or undone."""


def possible_targets(target: int, calls: Iterable[tuple[int, int]]) -> set[int]:
    """`target` was N before the `calls`: by how much each changes N, and the status of its answer."""
    possible = {target}
    for delta, status in calls:
        changed = {each + delta for each in possible}
        possible = changed if status in CARRIED_OUT else possible | changed if status in UNKNOWN else possible
    return possible
