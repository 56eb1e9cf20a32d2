"""A roll as the tests look at it: what the plane obeyed from step to step, and how many containers there were."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise

from balancer.core.fleet import Server
from balancer.core.lifecycle import State
from balancer.core.release import Release
from balancer.core.routes import Routes
from balancer.service.rollout import Rollout
from tests.unit.balancer.in_memory import InMemoryBalancer

OLD = Release(image="app:1", environment={"MODE": "slow"}, memory="64m")
NEW = {"image": "app:2"}
MOST_STEPS = 60
"""More than any roll of the tests needs."""


@dataclass
class Seen:
    """Everything from `watch` on: the routes that were published, and the most containers at once."""

    published: list[Routes] = field(default_factory=list)
    containers: int = 0

    @property
    def hostnames(self) -> list[set[str]]:
        """Who answered, from one publish to the next."""
        return [{backend.hostname for backend in routes.backends if not backend.draining} for routes in self.published]

    @property
    def switched(self) -> list[int]:
        """How many servers took over in each publish that changed the backends."""
        answering = [
            {backend.instance for backend in routes.backends if not backend.draining} for routes in self.published
        ]
        changes = (len(now - before) for before, now in pairwise(answering))
        return [count for count in changes if count]


def watch(balancer: InMemoryBalancer) -> Seen:
    """ResponseSamples at all that this balancer does from now on."""
    seen = Seen([balancer.plane.routes], len(balancer.runtime.names))
    apply, start = balancer.plane.apply, balancer.runtime.start

    def look_and_apply(routes: Routes) -> None:
        apply(routes)
        seen.published.append(routes)

    def start_and_look(server: Server, release: Release) -> None:
        start(server, release)
        seen.containers = max(seen.containers, len(balancer.runtime.names))

    balancer.plane.apply = look_and_apply  # type: ignore[method-assign]
    balancer.runtime.start = start_and_look  # type: ignore[method-assign]
    return seen


def nothing() -> None:
    """Between two steps, usually."""


def carry_on(balancer: InMemoryBalancer, *, between: Callable[[], object] = nothing) -> None:
    """Steps until the deploy that runs has ended, and until all that followed from it has."""
    for _ in range(MOST_STEPS):
        if not balancer.rollout.is_running:
            balancer.steps(3)
            return
        balancer.rollout.step()
        between()
        balancer.step()
    raise AssertionError(f"the deploy does not end: {balancer.desired.fleet}")


def roll(balancer: InMemoryBalancer, document: dict[str, object] | None = None) -> Rollout:
    """A whole deploy, of NEW unless told otherwise."""
    balancer.rollout.begin(NEW if document is None else document)
    carry_on(balancer)
    return balancer.rollout


def made_of(balancer: InMemoryBalancer) -> dict[str, Release]:
    """What the containers of those who serve are made of, by hostname; their numbers do not count."""
    return {
        server.hostname: replace(balancer.runtime.release(server.instance), number=1)
        for server in balancer.desired.fleet.of(State.SERVING)
    }
