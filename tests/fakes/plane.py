"""A data plane in memory: it obeys routes and counts what the test says is in flight."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from balancer.core.errors import PlaneUnavailable
from balancer.core.routes import Routes
from tests.fakes.fault import Fault
from tests.fakes.process import Process


class FakePlane:
    """A DataPlane; `routes` is what it obeys, `away` makes its calls fail."""

    def __init__(self, process: Process | None = None) -> None:
        self.routes = Routes((), ())
        self.away = Fault()
        self._in_flight: Counter[str] = Counter()
        self._process = process or Process()

    def apply(self, routes: Routes) -> None:
        self._call()
        self.routes = routes

    def in_step(self, routes: Routes) -> bool:
        self._call()
        return self.routes == routes

    def in_flight(self, name: str) -> int:
        self._call()
        return self._in_flight[name]

    def answer(self, slot: int) -> str:
        """The name of the server that a request in this slot reaches; empty where there is none."""
        return self.routes.slots[slot % len(self.routes.slots)] if self.routes.slots else ""

    @contextmanager
    def request(self, name: str) -> Iterator[None]:
        """A request that the server is answering meanwhile."""
        self._in_flight[name] += 1
        try:
            yield
        finally:
            self._in_flight[name] -= 1

    def restart(self) -> None:
        """Comes back without knowing anything."""
        self.routes = Routes((), ())

    def _call(self) -> None:
        self._process.acts()
        if self.away.strikes:
            raise PlaneUnavailable("the edge does not answer")
