"""The four experiments: what each is called, asks, and shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib import rc_context
from matplotlib.figure import Figure

from loadtests.experiments import plots
from loadtests.experiments.balance import Run
from loadtests.experiments.results import Result
from loadtests.ring.svg import STYLE

A1_SIZE = 3
"""N of A-1, and of A-4's bars."""


@dataclass(frozen=True, slots=True)
class Experiment:
    """`name` as it is said on the command line and as its folder is called."""

    name: str
    title: str
    question: str


EXPERIMENTS: Mapping[str, Experiment] = {
    experiment.name: experiment
    for experiment in (
        Experiment(
            "a-1",
            "A-1: requests per server",
            "Does each server get the share of the requests that its slots on the ring promise?",
        ),
        Experiment(
            "a-2",
            "A-2: more servers",
            "The average load falls as servers come, whatever the ring does. Does the load of the busiest one, too?",
        ),
        Experiment(
            "a-3",
            "A-3: every endpoint, and faults under load",
            "Does every call answer as it should, and what do requests notice while servers and the balancer fail?",
        ),
        Experiment(
            "a-4",
            "A-4: other hashes, other strategies",
            "A-1 and A-2 again for every pair: is it the request hash that spreads the requests, or the placement?",
        ),
    )
}


def figures(result: Result) -> dict[str, Figure]:
    """File name → plot, of what there is yet."""
    runs = result.runs
    with rc_context(STYLE):
        if result.timeline:
            return {"timeline": plots.time_line(result.timeline)}
        if not runs:
            return {}
        if result.experiment == "a-1":
            return {"shares": plots.shares(runs[0])}
        if result.experiment == "a-2":
            return {"growth": plots.growth(runs)}
        return {"shares": plots.grid(one_size(runs)), "growth": plots.lines(runs)}


def one_size(runs: Sequence[Run]) -> list[Run]:
    """N = 3, or the smallest where that was not measured."""
    sizes = {run.n for run in runs}
    size = A1_SIZE if A1_SIZE in sizes else min(sizes)
    return [run for run in runs if run.n == size]
