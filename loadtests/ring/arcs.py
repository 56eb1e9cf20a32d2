"""A ring as arcs, whoever made it: who gets which part of the requests, and what part changes hands."""

from __future__ import annotations

from collections.abc import Sequence

Arcs = Sequence[tuple[int, int]]
"""(end, server) in ascending order: what lies before `end` and after the arc before it is the server's. The last end
is the whole circle, in whatever unit."""


def shares(arcs: Arcs) -> dict[int, float]:
    """server → its part of all requests."""
    parts: dict[int, int] = {}
    start = 0
    for end, server in arcs:
        parts[server] = parts.get(server, 0) + end - start
        start = end
    return {server: part / arcs[-1][0] for server, part in parts.items()}


def peak_to_mean(arcs: Arcs, servers: int) -> float:
    """p2m: the busiest server's part over the mean."""
    return max(shares(arcs).values()) * servers


def moved(before: Arcs, after: Arcs) -> float:
    """The part of all requests that changes its server, on the same circle."""
    changed, start, i, j = 0, 0, 0, 0
    while i < len(before):
        end = min(before[i][0], after[j][0])
        if before[i][1] != after[j][1]:
            changed += end - start
        i, j, start = i + (before[i][0] == end), j + (after[j][0] == end), end
    return changed / before[-1][0]
