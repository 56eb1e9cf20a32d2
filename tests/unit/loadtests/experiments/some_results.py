"""Results as experiments leave them, made up."""

from __future__ import annotations

from typing import Any

from loadtests.experiments.balance import Part, Run
from loadtests.experiments.endpoints import Call
from loadtests.experiments.results import COMPLETE, Result
from loadtests.experiments.timeline import FAULTS, Fault, Second, Timeline


def run(counts: tuple[int, ...] = (50, 30, 20), *, strategy: str = "ring", request_hash: str = "crc32") -> Run:
    """Every server was promised the same."""
    parts = (
        Part(f"S{number}", number, 512 // len(counts), 1 / len(counts), count)
        for number, count in enumerate(counts, start=1)
    )
    profile = {"strategy": strategy, "request_hash": request_hash, "slots": 512}
    return Run(profile, tuple(parts), sum(counts), 0, 0.5, {"p50": 2.0})


def timeline(**others: Any) -> Timeline:
    """In which all went well: S1, S2, S3 and R0 are replaced by R0 to R3, one after the other."""
    victims = ("S1", "S2", "S3", "R0")
    faults = [Fault(FAULTS[n], victim, 3.0 * n, 0.1, 0.9, f"R{n}") for n, victim in enumerate(victims)]
    usual = {
        "endpoints": (Call("public", "GET /home", 200, 200, 1.5, "{}"),),
        "first": ("S1", "S2", "S3"),
        "faults": (*faults, Fault(FAULTS[-1], "balancer", 12.0, None, 1.0, "")),
        "last": ("R1", "R2", "R3"),
        "end": 15.0,
        "seconds": tuple(Second(float(at), {"S1": 100, "S2": 90}, 0) for at in range(9)),
        "due": 1800.0,
        "requests": 1710,
        "failures": 0,
        "latency": {"max": 850.0},
    }
    return Timeline(**usual | others)


def result(
    experiment: str, *runs: Run, line: Timeline | None = None, status: str = COMPLETE, reason: str = ""
) -> Result:
    return Result(
        experiment=experiment,
        status=status,
        reason=reason,
        provenance={"commit": "abc", "settings": {"replicas": 3}},
        runs=list(runs),
        timeline=line,
    )
