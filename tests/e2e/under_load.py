"""Traffic around whatever a test does to a system."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from loadtests.load import load as generator
from loadtests.load.load import Load
from loadtests.load.sender import LoadPlan
from tests.system import System

RATE = 200.0
_FLOWS = 100
"""So many requests end before and after."""


@contextmanager
def load(system: System, *, keys: Sequence[str] = (), post_every: int = 0) -> Iterator[Load]:
    """Traffic that flows when the block begins, and goes on flowing for a while after its end."""
    plan = LoadPlan(url=system.url, rate=RATE, keys=tuple(keys), post_every=post_every)
    with generator.load(plan) as traffic:
        traffic.wait_for(_FLOWS)
        yield traffic
        traffic.wait_for(_FLOWS)


def servers_of(traffic: Load) -> dict[str, set[str]]:
    """key → who answered its requests."""
    found: dict[str, set[str]] = defaultdict(set)
    for request in traffic.requests:
        found[request.key].add(request.server)
    return found
