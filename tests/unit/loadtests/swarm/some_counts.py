"""Counts of a run that went well, with whatever a test wants to be otherwise."""

from __future__ import annotations

from typing import Any

from loadtests.swarm.counts import Counts


def some_counts(**others: Any) -> Counts:
    latency = {"p50": 2, "p95": 5, "p99": 9, "max": 12.5}
    usual = {"requests": 100, "failures": 0, "servers": {}, "failures_at": {}, "errors": {}, "latency": latency}
    return Counts(**usual | others)
