"""What the edges of a deployment say, as one data plane says it: pure functions over node → result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from balancer.core.activity import Activity
from balancer.core.certificate import Certificate
from balancer.core.load import Load
from balancer.core.traffic import MOST_KEYS, CountedKey, KeyCounts


def activity(of_edges: Iterable[Mapping[str, Activity]]) -> dict[str, Activity]:
    """instance → the sums over the edges that know it."""
    sums: dict[str, tuple[int, int, int, int]] = {}
    for of_edge in of_edges:
        for instance, one in of_edge.items():
            if known := sums.get(instance):
                in_flight, given, taken, given_up = known
                sums[instance] = (
                    in_flight + one.in_flight, given + one.given, taken + one.taken, given_up + one.given_up
                )  # fmt: skip
            else:
                sums[instance] = (one.in_flight, one.given, one.taken, one.given_up)
    return {instance: Activity(*sums[instance]) for instance in sums}


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
