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
from loadtests.bench.rounds import Plan
from loadtests.experiments.provenance import commit, machine


def document(runs: Sequence[Run], arena: Arena, plan: Plan) -> dict[str, Any]:
    return {
        "benchmark": "ringmaster",
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "settings": {**asdict(plan), "keys": wrk.KEYS, "servers": SERVERS, "cores": arena.cores},
        "machine": machine(),
        "versions": arena.versions(),
        "contestants": described(runs),
        "targets": judged(runs),
        "runs": [asdict(run) for run in runs],
    }


def described(runs: Sequence[Run]) -> dict[str, Mapping[str, str]]:
    """Name → who took part."""
    return {name: {"title": CONTESTANTS[name].title, "note": CONTESTANTS[name].note} for name in names(runs)}


def runs_of(document: Mapping[str, Any]) -> list[Run]:
    return [Run(**run) for run in document["runs"]]
