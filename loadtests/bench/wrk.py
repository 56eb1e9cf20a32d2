"""wrk, the load generator: how it is called, and what it tells of a run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from loadtests.running import CannotMeasure

SCRIPT = "/etc/bench/keyed.lua"
KEYS = 10_000
_TIMEOUT = 10
"""Seconds after which an answer counts as missing."""
_FAULTS = ("connect", "read", "write", "status", "timeout")


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """`faults`: kind → how many requests had no answer, or one above 399; those with none are left out."""

    requests: int
    seconds: float
    faults: Mapping[str, int]


def command(url: str, *, seconds: int, connections: int, seed: int) -> list[str]:
    """One thread of it. Keys are drawn uniformly, as `seed` has it."""
    options = ["--threads", "1", "--connections", str(connections), "--duration", f"{seconds}s"]
    options += ["--timeout", f"{_TIMEOUT}s", "--script", SCRIPT]
    return ["wrk", *options, url, "--", str(seed), str(KEYS)]


def parse(printed: str) -> Load:
    """The script's line, which is the last one of all that wrk prints. Raises CannotMeasure where there is none."""
    try:
        told = json.loads(printed.strip().splitlines()[-1])
        return Load(
            requests=told["requests"],
            seconds=told["duration_us"] / 1e6,
            faults={kind: told[kind] for kind in _FAULTS if told[kind]},
        )
    except (IndexError, KeyError, TypeError, ValueError) as error:
        raise CannotMeasure(f"wrk told no figures: {printed.strip()[-500:] or 'nothing'}") from error
