"""What an action of the chaos has to work with, and what it leaves to wait for."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from random import Random
from typing import Any

from loadtests.chaos.expected import CARRIED_OUT, PROFILE, Write
from loadtests.faults.servers import CannotStrike
from loadtests.faults.watcher import Views
from tests.http_client import Answer
from tests.system import System


@dataclass(frozen=True, slots=True)
class Context:
    """`hit` holds the ids of containers that were hit already: nobody dies twice. `target` is N as calls have left it,
    as far as that is known. What an action chooses, it draws from `chance`."""

    system: System
    views: Views
    jobs: Executor
    chance: Random
    hit: set[str]
    target: int


@dataclass(frozen=True, slots=True)
class ApiCall:
    """A request that changes the fleet. `delta`: by how much N is larger if it is carried out; `sets`: what has which
    value then, unless it `reverts` that itself; `server`: whom it names; `stage`: how a deploy that nothing disturbs
    ends."""

    says: str
    began: float
    future: Future[tuple[Answer, float]]
    delta: int = 0
    sets: tuple[str, Any] | None = None
    reverts: bool = False
    server: str = ""
    stage: str = ""

    @classmethod
    def send(cls, context: Context, says: str, ask: Callable[[], Answer], **facts: Any) -> ApiCall:
        return cls(says, time.monotonic(), context.jobs.submit(_timed, ask), **facts)

    @property
    def answer(self) -> Answer | None:
        return self.future.result()[0] if self.future.done() and not self.future.exception() else None

    @property
    def status(self) -> int:
        """0 where no answer has come."""
        return self.answer.status if self.answer else 0

    @property
    def write(self) -> Write | None:
        """What it may have set."""
        if not self.sets:
            return None
        what, value = self.sets
        if what == PROFILE and self.answer and self.status in CARRIED_OUT:
            value = {**self.answer.document["profile"], **value}  # what it left out is usual
        ended = self.future.result()[1] if self.answer else float("inf")
        status = 0 if self.reverts and self.status not in CARRIED_OUT else self.status
        return Write(what, value, began=self.began, ended=ended, status=status)

    def __str__(self) -> str:
        if not self.future.done():
            return f"{self.says}: no answer yet"
        return f"{self.says}: {self.future.exception() or self.answer}"


def _timed(ask: Callable[[], Answer]) -> tuple[Answer, float]:
    answer = ask()
    return answer, time.monotonic()


@dataclass(frozen=True, slots=True)
class Begun:
    """An action on its way. `at`: the moment before the engine or the API was asked, in seconds of the monotonic clock.
    `victim`: the server that has to leave the ring, unless a deploy has just given it another container than `hit`. A
    spare that was hit is on no ring: its container has to go.
    `job` ends when the engine has answered; where the action takes the edge its value is the moment when the edge
    answered again. `loses_state`: what only the state file knows may be gone. `did_nothing`: it could not
    even begin."""

    at: float
    says: str
    victim: str = ""
    hit: str = ""
    takes_balancer: bool = False
    takes_edge: bool = False
    loses_state: bool = False
    did_nothing: bool = False
    job: Future[Any] | None = None
    calls: Sequence[ApiCall] = ()

    @property
    def error(self) -> BaseException | None:
        """What kept the job from being done."""
        return self.job.exception() if self.job and self.job.done() else None

    @property
    def is_void(self) -> bool:
        """Whether nothing was done to the deployment."""
        return self.did_nothing or isinstance(self.error, CannotStrike)

    @property
    def edge_back(self) -> float:
        """When the edge answered again; never, where it did not."""
        return float(self.job.result()) if self.job and self.job.done() and not self.error else float("inf")

    def missing(self, views: Views, containers: Collection[str]) -> str:
        """What has to come yet before the fleet can count as whole again; empty when nothing. `containers`: the ids of
        the servers' containers that are there."""
        if self.job and not self.job.done():
            return "the engine has not answered, or the edge is not back"
        if waiting := [call.says for call in self.calls if not call.future.done()]:
            return f"no answer yet: {waiting}"
        if self.victim and not self.is_void and self.hit in containers and not self._has_left(views):
            return f"{self.victim} is still on the ring"
        if self.hit in containers and not self.victim and not self.is_void:
            return "the container of the spare is still there"
        if self.takes_balancer and views.away_at(since=self.at) is None:
            return "the balancer was not seen to be away"
        return ""

    def _has_left(self, views: Views) -> bool:
        return views.left_at(self.victim, since=self.at) is not None


@dataclass(frozen=True, slots=True)
class Action:
    """A kind of fault or call. `weight`: how often it comes beside others; `alone`: it finds a whole fleet and leaves
    one."""

    name: str
    weight: int
    begin: Callable[[Context], Begun]
    alone: bool = field(default=False, kw_only=True)
