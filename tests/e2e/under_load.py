"""Traffic around whatever a test does to a system."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from loadtests import traffic
from loadtests.traffic import Outcome
from tests.polling import until
from tests.system import System

CONCURRENCY = 4


@contextmanager
def load(system: System, *, keys: Sequence[str] = ()) -> Iterator[Outcome]:
    """Traffic that flows when the block begins, and goes on flowing for a while after its end."""
    with traffic.background(system.home, concurrency=CONCURRENCY, keys=keys) as outcome:
        _flows(outcome)
        yield outcome
        _flows(outcome)


def _flows(outcome: Outcome) -> None:
    before = outcome.requests
    until(lambda: outcome.requests >= before + 100, "100 more requests have ended", within=30)
