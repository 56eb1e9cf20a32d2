"""The run as a JSON document, for whoever evaluates it: --servers-file."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from loadtests.swarm.counts import Counts
from loadtests.swarm.tally import Tally


def document(tally: Tally, counts: Counts, *, started: float, ended: float, version: str) -> dict[str, Any]:
    """`started` and `ended` are seconds since 1970; `seconds` has every one from the first to the last, so that a gap
    is seen. Σ statuses are the answers, Σ servers those that a server signed, Σ errors the failures."""
    return {
        "requests": counts.requests,
        "failures": counts.failures,
        "statuses": {str(status): count for status, count in sorted(tally.statuses.items())},
        "errors": dict(counts.errors),
        "servers": dict(sorted(tally.servers.items())),
        "seconds": _seconds(tally, counts.failures_at, first=int(started), last=int(ended)),
        "started": started,
        "ended": ended,
        "latency_ms": dict(counts.latency),
        "locust": version,
    }


def write(path: Path, document: Mapping[str, Any]) -> None:
    """Whole or not at all."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_text(json.dumps(document, indent=1) + "\n")
    partial.replace(path)


def _seconds(tally: Tally, failures_at: Mapping[int, int], *, first: int, last: int) -> list[dict[str, Any]]:
    seen = [first, last, *tally.seconds, *failures_at]
    return [
        {"at": at, "servers": dict(tally.seconds.get(at, {})), "failures": failures_at.get(at, 0)}
        for at in range(min(seen), max(seen) + 1)
    ]
