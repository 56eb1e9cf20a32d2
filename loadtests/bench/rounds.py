"""The measurement: every contestant in every round, each time in another order, and always after a warm-up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from random import Random

from loadtests.bench import checks
from loadtests.bench.arena import Arena, Entrant
from loadtests.bench.checks import WrongAnswer
from loadtests.bench.figures import Run
from loadtests.bench.latency import BESIDE, COMPARED, SHARES, LatencyRun, capacity
from loadtests.bench.threads import ThreadRun

_WARM_UP = 1
"""Seconds before each measured run."""
_MOST_CONNECTIONS = 0.1
"""For each request of a run, beside one for each client: a contestant that opens more does not keep its connections to
servers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`seconds` of each run; `connections` of the load generator; `seed` of the order and of the keys."""

    rounds: int
    seconds: int
    seed: int
    connections: int = 64

    @property
    def latency_rounds(self) -> int:
        return ceil(self.rounds * 0.6)

    @property
    def thread_rounds(self) -> int:
        return ceil(self.rounds * 0.2)


def measure(arena: Arena, plan: Plan, tell: Callable[[str], None]) -> Iterator[Run]:
    """Raises WrongAnswer where a contestant does not do what all have promised, or has lost a server in its run."""
    tell("checking answers and promises")
    homes = checks.check(arena.entrants)
    order = Random(plan.seed)  # noqa: S311 (it only shuffles)
    for number in range(1, plan.rounds + 1):
        for place, entrant in enumerate(order.sample(arena.entrants, len(arena.entrants)), start=1):
            run = _run(arena, entrant, plan, number, place)
            checks.check_again(entrant, homes[entrant.name])
            tell(f"round {number} of {plan.rounds}: {told(run)}")
            yield run


def told(run: Run) -> str:
    busy = run.cpu_seconds / run.seconds
    return f"{run.contestant} {run.requests / run.seconds:.0f}/s, {busy:.0%} CPU{_faults(run)}"


def measure_latency(arena: Arena, plan: Plan, runs: Sequence[Run], tell: Callable[[str], None]) -> Iterator[LatencyRun]:
    """At parts of the capacity that `runs` tell."""
    most = capacity(runs)
    entrants = [entrant for entrant in arena.entrants if entrant.name in (*COMPARED, BESIDE)]
    order = Random(plan.seed)  # noqa: S311 (it only shuffles)
    for number in range(1, plan.latency_rounds + 1):
        for share in SHARES:
            for place, entrant in enumerate(order.sample(entrants, len(entrants)), start=1):
                rate = max(round(most * share / 100), 1)
                figures = arena.steady(
                    entrant,
                    rate=rate,
                    seconds=plan.seconds,
                    connections=plan.connections,
                    seed=plan.seed * 1000 + number,
                )
                run = LatencyRun(contestant=entrant.name, round=number, place=place, share=share, rate=rate, **figures)
                tell(
                    f"latency {number} of {plan.latency_rounds}: {run.contestant} at {rate}/s, p50 "
                    f"{run.p50_us / 1e3:.2f} ms, p99 {run.p99_us / 1e3:.2f} ms{_faults(run)}"
                )
                yield run


def measure_threads(arena: Arena, plan: Plan, tell: Callable[[str], None]) -> Iterator[ThreadRun]:
    """The edge over one thread, two and so on, as far as this machine has cores. It stays with the most."""
    edge = next((entrant for entrant in arena.entrants if entrant.name == "edge"), None)
    if edge is None:
        return
    for number in range(1, plan.thread_rounds + 1):
        for threads in arena.thread_counts:
            arena.give_threads(edge, threads)
            one = _run(arena, edge, plan, number, place=threads)
            run = ThreadRun(
                threads=threads,
                round=number,
                requests=one.requests,
                seconds=one.seconds,
                cpu_seconds=one.cpu_seconds,
                faults=one.faults,
            )
            tell(
                f"threads {number} of {plan.thread_rounds}: {threads}, {run.requests / run.seconds:.0f}/s{_faults(run)}"
            )
            yield run


def _faults(run: Run | LatencyRun | ThreadRun) -> str:
    return f", FAULTS {dict(run.faults)}" if run.faults else ""


def _run(arena: Arena, entrant: Entrant, plan: Plan, number: int, place: int) -> Run:
    seed = plan.seed * 1000 + number
    arena.load(entrant, seconds=_WARM_UP, connections=plan.connections, seed=seed)
    opened, (used, in_kernel) = checks.connections(entrant.servers), entrant.cpu_seconds()
    load = arena.load(entrant, seconds=plan.seconds, connections=plan.connections, seed=seed)
    used_then, in_kernel_then = entrant.cpu_seconds()
    run = Run(
        contestant=entrant.name,
        round=number,
        place=place,
        requests=load.requests,
        seconds=load.seconds,
        cpu_seconds=used_then - used,
        kernel_seconds=in_kernel_then - in_kernel,
        connections=checks.connections(entrant.servers) - opened,
        faults=load.faults,
    )
    if run.connections > plan.connections + _MOST_CONNECTIONS * run.requests:
        raise WrongAnswer(f"{run.contestant} opened {run.connections} connections for {run.requests} requests")
    return run
