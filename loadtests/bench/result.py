"""The result as one JSON document: what was measured, and all that is needed to measure it again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from loadtests.bench import wrk
from loadtests.bench.arena import SERVERS, Arena
from loadtests.bench.contestants import CONTESTANTS
from loadtests.bench.figures import Run, judged, names
from loadtests.bench.latency import LatencyRun
from loadtests.bench.rounds import Plan
from loadtests.bench.threads import ThreadRun
from loadtests.experiments.provenance import commit, machine

MEASURED = ("runs", "latencies", "threads")
"""What has faults."""


def document(
    runs: Sequence[Run],
    latencies: Sequence[LatencyRun],
    threads: Sequence[ThreadRun],
    arena: Arena,
    plan: Plan,
) -> dict[str, Any]:
    return {
        "benchmark": "ringmaster",
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "settings": {**asdict(plan), "keys": wrk.KEYS, "servers": SERVERS, "cores": arena.cores},
        "machine": machine(),
        "versions": arena.versions(),
        "left_out": dict(arena.left_out),
        "contestants": described(runs),
        "targets": judged(runs),
        "runs": [asdict(run) for run in runs],
        "latencies": [asdict(run) for run in latencies],
        "threads": [asdict(run) for run in threads],
    }


def described(runs: Sequence[Run]) -> dict[str, Mapping[str, str]]:
    """Name → who took part."""
    return {name: {"title": CONTESTANTS[name].title, "note": CONTESTANTS[name].note} for name in names(runs)}


def runs_of(document: Mapping[str, Any]) -> list[Run]:
    return [Run(**run) for run in document["runs"]]


def latencies_of(document: Mapping[str, Any]) -> list[LatencyRun]:
    return [LatencyRun(**run) for run in document["latencies"]]


def threads_of(document: Mapping[str, Any]) -> list[ThreadRun]:
    return [ThreadRun(**run) for run in document["threads"]]
