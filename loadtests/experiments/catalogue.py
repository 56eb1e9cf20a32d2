"""The four experiments: what each is called and asks, and the steps of those that measure how requests are spread."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from loadtests.experiments.balance import Run, Step

A1_SIZE = 3
"""N of A-1, and of A-4's bars."""


@dataclass(frozen=True, slots=True)
class Experiment:
    title: str
    question: str


EXPERIMENTS: Mapping[str, Experiment] = {
    "a-1": Experiment(
        "A-1: requests per server",
        "Does each server get the share of the requests that its slots on the ring promise?",
    ),
    "a-2": Experiment(
        "A-2: more servers",
        "The average load falls as servers come, whatever the ring does. Does the load of the busiest one, too?",
    ),
    "a-3": Experiment(
        "A-3: every endpoint, and faults under load",
        "Does every call answer as it should, and what do requests notice while servers and the balancer fail?",
    ),
    "a-4": Experiment(
        "A-4: other hashes, other strategies",
        "A-1 and A-2 again for every pair: is it the request hash that spreads the requests, or the placement?",
    ),
}
"""By their names on the command line, which are those of their folders."""


def steps(name: str, sizes: Sequence[int], strategies: Sequence[str], hashes: Sequence[str]) -> list[Step]:
    """The servers of A-4 stay while the profiles change, so that all profiles see the same ring ids."""
    if name == "a-1":
        return [Step(A1_SIZE)]
    if name == "a-2":
        return [Step(n) for n in sizes]
    return [
        Step(n, {"strategy": strategy, "request_hash": request_hash})
        for n, strategy, request_hash in itertools.product(sizes, strategies, hashes)
    ]


def one_size(runs: Sequence[Run]) -> list[Run]:
    """N = 3, or the smallest where that was not measured."""
    sizes = {run.n for run in runs}
    size = A1_SIZE if A1_SIZE in sizes else min(sizes)
    return [run for run in runs if run.n == size]
