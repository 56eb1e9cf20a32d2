"""What an act of the chaos has to work with, and what it leaves to wait for."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from random import Random
from typing import Any

from loadtests.chaos.watch import Watch
from tests.http_client import Answer
from tests.system import System


@dataclass(frozen=True, slots=True)
class Scene:
    """`struck` holds the ids of containers that were hit already: nobody dies twice. `target` is N as calls have left
    it, as far as that is known."""

    system: System
    watch: Watch
    jobs: Executor
    dice: Random
    struck: set[str]
    target: int


class CannotStrike(Exception):
    """The engine did not do what it was asked to, so that there was no fault."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request that changes the fleet; `delta`: by how much N is larger if it is carried out."""

    says: str
    future: Future[Answer]
    delta: int = 0

    @property
    def status(self) -> int:
        """0 where no answer has come."""
        return self.future.result().status if self.future.done() and not self.future.exception() else 0

    def __str__(self) -> str:
        if not self.future.done():
            return f"{self.says}: no answer yet"
        return f"{self.says}: {self.future.exception() or self.future.result()}"


@dataclass(frozen=True, slots=True)
class Deed:
    """`began`: the moment before the engine or the API was asked, in seconds of the monotonic clock. `victim`: the
    server that has to leave the ring, unless a deploy has just given it another container than the one that was
    `struck`. `job` ends when the engine has answered; where the deed `takes_edge` its value is the moment when the edge
    answered again."""

    began: float
    says: str
    victim: str = ""
    struck: str = ""
    takes_balancer: bool = False
    takes_edge: bool = False
    job: Future[Any] | None = None
    calls: Sequence[Call] = ()

    @property
    def error(self) -> BaseException | None:
        """What kept the job from being done."""
        return self.job.exception() if self.job and self.job.done() else None

    @property
    def is_void(self) -> bool:
        return isinstance(self.error, CannotStrike)

    def missing(self, watch: Watch, containers: Collection[str]) -> str:
        """What has to come yet before the fleet can count as whole again; empty when nothing. `containers`: the ids of
        the servers' containers that are there."""
        if self.job and not self.job.done():
            return "the engine has not answered, or the edge is not back"
        if waiting := [call.says for call in self.calls if not call.future.done()]:
            return f"no answer yet: {waiting}"
        if self.victim and not self.is_void and self.struck in containers and not self.has_left(watch):
            return f"{self.victim} is still on the ring"
        if self.takes_balancer and watch.away_at(since=self.began) is None:
            return "the balancer was not seen to be away"
        return ""

    def has_left(self, watch: Watch) -> bool:
        """Whether the victim was seen off the ring."""
        return watch.left_at(self.victim, since=self.began) is not None


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of fault or call. `weight`: how often it comes beside others; `alone`: it finds a whole fleet and leaves
    one; `is_crash`: the retry budget holds for it."""

    name: str
    weight: int
    act: Callable[[Scene], Deed]
    alone: bool = field(default=False, kw_only=True)
    is_crash: bool = field(default=False, kw_only=True)
