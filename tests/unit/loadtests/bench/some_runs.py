"""Runs and a result such as the benchmark makes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from loadtests.bench.figures import Run
from loadtests.bench.latency import LatencyRun
from loadtests.bench.result import described
from loadtests.bench.threads import ThreadRun


def run(contestant: str, number: int = 1, **differences: Any) -> Run:
    """A thousand requests in a second, each with a millisecond of CPU time."""
    usual: dict[str, Any] = {
        "contestant": contestant,
        "round": number,
        "place": 1,
        "requests": 1000,
        "seconds": 1.0,
        "cpu_seconds": 1.0,
        "kernel_seconds": 0.75,
        "connections": 10,
        "faults": {},
    }
    return Run(**{**usual, **differences})


def latency(contestant: str, number: int = 1, **differences: Any) -> LatencyRun:
    """A thousand requests at half of the capacity, in 1 ms, or 2, or 3."""
    usual: dict[str, Any] = {
        "contestant": contestant,
        "round": number,
        "place": 1,
        "share": 50,
        "rate": 500,
        "requests": 1000,
        "p50_us": 1000,
        "p99_us": 2000,
        "p999_us": 3000,
        "most_us": 4000,
        "late_us": 30,
        "faults": {},
    }
    return LatencyRun(**{**usual, **differences})


def threads(count: int, number: int = 1, **differences: Any) -> ThreadRun:
    """A thousand requests a second, each with a millisecond of CPU time."""
    usual = {"threads": count, "round": number, "requests": 1000, "seconds": 1.0, "cpu_seconds": 1.0, "faults": {}}
    return ThreadRun(**{**usual, **differences})


def document(
    runs: list[Run], latencies: Sequence[LatencyRun] = (), threads: Sequence[ThreadRun] = ()
) -> dict[str, Any]:
    return {
        "settings": {
            "rounds": 1,
            "seconds": 1,
            "connections": 64,
            "seed": 7,
            "keys": 10000,
            "servers": 3,
            "cores": ["1", "0-0"],
        },
        "versions": {"haproxy": "HAProxy version 3.0.11", "wrk": "wrk <b>4.1</b>"},
        "left_out": {},
        "contestants": described(runs),
        "runs": [asdict(one) for one in runs],
        "latencies": [asdict(one) for one in latencies],
        "threads": [asdict(one) for one in threads],
    }
