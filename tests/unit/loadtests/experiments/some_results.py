"""Results as experiments leave them, made up."""

from __future__ import annotations

from loadtests.experiments.balance import Part, Run
from loadtests.experiments.endpoints import Call
from loadtests.experiments.results import COMPLETE, Result
from loadtests.experiments.timeline import Fault, Sample, Second, Timeline


def run(counts: tuple[int, ...] = (50, 30, 20), *, strategy: str = "table", request_hash: str = "crc32") -> Run:
    """Every server was promised the same."""
    parts = (
        Part(f"S{number}", number, 512 // len(counts), 1 / len(counts), count)
        for number, count in enumerate(counts, start=1)
    )
    profile = {"strategy": strategy, "request_hash": request_hash, "slots": 512}
    return Run(profile, tuple(parts), sum(counts), 0, 0.5, {"p50": 2.0})


def timeline(*samples: Sample) -> Timeline:
    return Timeline(
        endpoints=(Call("public", "GET /home", 200, 200, 1.5, "{}"), Call("public", "GET /x", 404, 500, 1.5, "<b>")),
        faults=(
            Fault("docker kill", "S1", 3.0, 0.1, 0.9, "kx3"),
            Fault("balancer kill -9", "balancer", 6.0, None, 1, ""),
        ),
        samples=samples or (Sample(0.0, 3, ("S1", "S2", "S3")), Sample(9.0, 3, ("S1", "S2", "S3"))),
        seconds=tuple(Second(float(at), {"S1": 100, "S2": 90}, 0) for at in range(9)),
        requests=1710,
        failures=0,
    )


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
