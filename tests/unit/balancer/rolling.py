"""Runs and watches a roll for tests: the routes that the plane obeyed, and the number of containers."""

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
"""Steps. No roll of the tests needs so many."""


@dataclass
class Seen:
    """What `watch` has seen. `published`: all routes, the first ones included. `containers`: the most at one time."""

    published: list[Routes] = field(default_factory=list)
    containers: int = 0

    @property
    def hostnames(self) -> list[set[str]]:
        """The hostnames that took new requests, for each of the published routes."""
        return [{backend.hostname for backend in routes.backends if not backend.draining} for routes in self.published]

    @property
    def switched(self) -> list[int]:
        """How many new backends each publish had, where it had any."""
        answering = [
            {backend.instance for backend in routes.backends if not backend.draining} for routes in self.published
        ]
        changes = (len(now - before) for before, now in pairwise(answering))
        return [count for count in changes if count]


def watch(balancer: InMemoryBalancer) -> Seen:
    """Watches the routes and the containers of this balancer from now on."""
    seen = Seen([balancer.plane.routes], len(balancer.runtime.names))
    apply, start = balancer.plane.apply, balancer.runtime.start

    def look_and_apply(routes: Routes) -> None:
        apply(routes)
        seen.published.append(routes)

    def start_and_look(server: Server, release: Release, **_: object) -> None:
        start(server, release)
        seen.containers = max(seen.containers, len(balancer.runtime.names))

    balancer.plane.apply = look_and_apply  # type: ignore[method-assign]
    balancer.runtime.start = start_and_look  # type: ignore[method-assign]
    return seen


def nothing() -> None:
    """What happens between two steps by default."""


def carry_on(balancer: InMemoryBalancer, *, between: Callable[[], object] = nothing) -> None:
    """Takes steps until the running deploy has ended, and a few more for its last containers. `between` is called
    between the rollout's step and the reconciler's."""
    for _ in range(MOST_STEPS):
        if not balancer.rollout.is_running:
            balancer.steps(3)
            return
        balancer.rollout.carry_out_surge()
        between()
        balancer.step()
    raise AssertionError(f"the deploy does not end: {balancer.desired.fleet}")


def roll(balancer: InMemoryBalancer, document: dict[str, object] | None = None) -> Rollout:
    """Runs a whole deploy. `document`: the fields of the release that change; NEW by default."""
    balancer.rollout.begin(NEW if document is None else document)
    carry_on(balancer)
    return balancer.rollout


def made_of(balancer: InMemoryBalancer) -> dict[str, Release]:
    """hostname → the release that the container of a serving server is made of, with the number 1 and no content."""
    return {
        server.hostname: replace(balancer.runtime.release(server.instance).named_anew(), number=1)
        for server in balancer.desired.fleet.of(State.SERVING)
    }
