"""Runs and a result such as the benchmark makes them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from loadtests.bench.figures import Run
from loadtests.bench.result import described


def run(contestant: str, number: int = 1, **differences: Any) -> Run:
    """A thousand requests in a second, each with a millisecond of CPU time."""
    usual: dict[str, Any] = {
        "contestant": contestant,
        "round": number,
        "place": 1,
        "requests": 1000,
        "seconds": 1.0,
        "p50_us": 1000,
        "p99_us": 2000,
        "cpu_seconds": 1.0,
        "kernel_seconds": 0.75,
        "connections": 10,
        "faults": {},
    }
    return Run(**{**usual, **differences})


def document(runs: list[Run]) -> dict[str, Any]:
    return {
        "settings": {"rounds": 1, "seconds": 1, "connections": 64, "seed": 7, "keys": 10000, "servers": 3},
        "versions": {"haproxy": "HAProxy version 3.0.11", "wrk": "wrk <b>4.1</b>"},
        "contestants": described(runs),
        "runs": [asdict(one) for one in runs],
    }
