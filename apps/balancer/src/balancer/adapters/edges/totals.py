"""Totals over edges that come and go: what each of them counted is added up, so that none falls when an edge leaves.

A node that is there for the first time after the first reading brings no past: its counters count from then on. What
its edge counted before is not known to be new."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from balancer.core.growth import NONE, Growth, growth
from balancer.core.server_load import ServerCounters


class Totals:
    """The counters of the servers, over all edges."""

    def __init__(self) -> None:
        self._seen: dict[str, Mapping[str, ServerCounters]] | None = None
        """node → instance → the latest counters; None before the first reading."""
        self._totals: dict[str, Growth] = {}

    def read(
        self, of_edges: Mapping[str, Mapping[str, ServerCounters]], known: Iterable[str]
    ) -> dict[str, ServerCounters]:
        """instance → counters, of the servers that an edge has now. `of_edges`: node → instance → counters. `known`:
        the nodes whose edges may come back: what these count meanwhile is added then."""
        parts: defaultdict[str, list[tuple[ServerCounters, Growth]]] = defaultdict(list)
        for node, now in of_edges.items():
            before = {} if self._seen is None else self._seen.get(node, now)
            for name, more in growth(before, now).items():
                parts[name].append((now[name], more))
        self._totals = {name: _plus(self._totals.get(name, NONE), of_server) for name, of_server in parts.items()}
        kept = set(known)
        self._seen = {node: seen for node, seen in (self._seen or {}).items() if node in kept} | dict(of_edges)
        return {name: _whole(self._totals[name], of_server) for name, of_server in parts.items()}


def _plus(total: Growth, parts: Sequence[tuple[ServerCounters, Growth]]) -> Growth:
    return Growth(
        total.requests + sum(more.requests for _, more in parts), total.errors + sum(more.errors for _, more in parts)
    )


def _whole(total: Growth, parts: Sequence[tuple[ServerCounters, Growth]]) -> ServerCounters:
    """The response time is the mean of those of the edges, each weighted by what its server answered since the reading
    before. Where that is nothing, it is the longest."""
    timed = [(more.requests, one.response_time) for one, more in parts if one.response_time]
    answered = sum(requests for requests, _ in timed)
    return ServerCounters(
        in_flight=sum(one.in_flight for one, _ in parts),
        requests=total.requests,
        errors=total.errors,
        response_time=sum(requests * seconds for requests, seconds in timed) / answered
        if answered
        else max((seconds for _, seconds in timed), default=0.0),
    )
