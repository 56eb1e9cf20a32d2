"""A load that is made up: what has ended, and how much it says that it sent in ten seconds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from loadtests.load.sender import LoadPlan
from loadtests.traffic import Request
from tests.unit.loadtests.some_requests import steady

PLAN = LoadPlan(url="http://127.0.0.1:1", rate=100.0, post_every=10)


@dataclass
class SomeLoad:
    """`requests`: what there is to take, one batch after another."""

    plan: LoadPlan = PLAN
    requests: list[list[Request]] = field(default_factory=list)
    sent: int = 1000
    left_out: int = 0
    failed: int = 0
    seconds: float = 10.0

    def take(self, _moment: float = 0.0) -> list[Request]:
        return self.requests.pop(0) if self.requests else steady()

    def wait_for_answers(self, _moment: float, *, within: float) -> bool:
        return True

    def check(self) -> None:
        """It lives."""


@contextmanager
def flowing(load: SomeLoad) -> Iterator[SomeLoad]:
    yield load
