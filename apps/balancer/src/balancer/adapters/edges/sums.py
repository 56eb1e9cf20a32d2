"""What the edges of a deployment say, as one data plane says it: pure functions over node → result."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import astuple
from operator import add

from balancer.adapters.edges.wire import ActivityColumns
from balancer.core.activity import Activity
from balancer.core.certificate import Certificate
from balancer.core.load import Load
from balancer.core.traffic import MOST_KEYS, CountedKey, KeyCounts


def activity(of_edges: Iterable[ActivityColumns]) -> dict[str, Activity]:
    """instance → the sums over the edges that know it. Mostly all edges know the same servers: then whole columns are
    added up, which takes a fifth of the time."""
    alike: defaultdict[tuple[str, ...], list[ActivityColumns]] = defaultdict(list)
    for of_edge in of_edges:
        alike[of_edge.instances].append(of_edge)
    sums: dict[str, Activity] = {}
    for instances, edges in alike.items():
        columns = (map(sum, zip(*same, strict=True)) for same in zip(*(edge.figures for edge in edges), strict=True))
        for instance, figures in zip(instances, zip(*columns, strict=True), strict=True):
            known = sums.get(instance)
            sums[instance] = Activity(*figures) if known is None else Activity(*map(add, astuple(known), figures))
    return sums


def load(of_edges: Iterable[Load]) -> Load:
    """The latency is the mean of those of the edges that know theirs, each weighted by its requests in flight and one
    more, so that an edge at rest counts, too. An edge with slow answers has more of them in flight than its part of the
    responses, so the mean errs on the slow side."""
    of_edges = tuple(of_edges)
    known = [(one.in_flight + 1, one.latency) for one in of_edges if one.latency]
    weights = sum(weight for weight, _ in known)
    latency = sum(weight * seconds for weight, seconds in known) / weights if weights else 0.0
    return Load(sum(one.in_flight for one in of_edges), latency)


def certificates(of_edges: Iterable[Iterable[Certificate]]) -> tuple[Certificate, ...]:
    """Each different one once, by file. Of those that edges show from one file, the one that ends first is last."""
    different = {one for of_edge in of_edges for one in of_edge}
    return tuple(sorted(different, key=lambda one: (one.file, -one.expires, one.serial)))


def keys(of_edges: Iterable[KeyCounts]) -> KeyCounts:
    """The counts by slot and key, of the MOST_KEYS with the largest ones. Edges with other routes than the others have
    no keys in common with them, but slots."""
    counts: Counter[tuple[int, str]] = Counter()
    sampled = 0.0
    for of_edge in of_edges:
        sampled = max(sampled, of_edge.sampled)
        for key in of_edge.keys:
            counts[key.slot, key.key] += key.count
    found = (CountedKey(slot, key, count) for (slot, key), count in counts.most_common(MOST_KEYS))
    return KeyCounts(sampled, tuple(found))
