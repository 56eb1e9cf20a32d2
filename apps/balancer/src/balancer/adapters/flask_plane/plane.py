"""The routes that the forwarder obeys, and what each server is answering now."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from balancer.core.errors import EmptyRing
from balancer.core.routes import Backend, Routes


class FlaskPlane:
    """A DataPlane inside the balancer's own process: the next request sees the new routes."""

    def __init__(self) -> None:
        self._routes = Routes((), ())
        self._backends: dict[str, Backend] = {}
        self._in_flight: Counter[str] = Counter()
        self._lock = threading.Lock()

    def apply(self, routes: Routes) -> None:
        with self._lock:
            self._routes = routes
            self._backends = {backend.name: backend for backend in routes.backends}

    def in_step(self, routes: Routes) -> bool:
        return self._routes == routes

    def in_flight(self, name: str) -> int:
        with self._lock:
            return self._in_flight[name]

    @property
    def addresses(self) -> frozenset[str]:
        return frozenset(backend.address for backend in self._routes.backends)

    @contextmanager
    def send(self, slot: int, tried: set[str]) -> Iterator[Backend]:
        """The server for one attempt of a request: the slot's, or the next one clockwise that is not in `tried`.

        The choice and the count of what is in flight are one step, so that a drain sees every request; the count
        goes down when the block ends. Raises EmptyRing.
        """
        with self._lock:
            backend = self._choose(slot, tried)
            self._in_flight[backend.name] += 1
        try:
            yield backend
        finally:
            self.done(backend)

    def keep(self, backend: Backend) -> None:
        """One more in flight at a server: an answer that is still being passed on."""
        with self._lock:
            self._in_flight[backend.name] += 1

    def done(self, backend: Backend) -> None:
        with self._lock:
            self._in_flight[backend.name] -= 1
            if not self._in_flight[backend.name]:
                del self._in_flight[backend.name]

    def _choose(self, slot: int, tried: set[str]) -> Backend:
        slots = self._routes.slots
        for step in range(len(slots)):
            name = slots[(slot + step) % len(slots)]
            if name and name not in tried:
                return self._backends[name]
        raise EmptyRing("no server is left to try")
