"""The routes that the forwarder obeys, and what each server is answering now."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from balancer.adapters.flask_plane.placement import Placement
from balancer.core.key_source import Message
from balancer.core.routes import Backend, Routes


@dataclass(frozen=True, slots=True)
class Attempt:
    """A request on its way to a server; `number` 1 is the first that was asked."""

    backend: Backend
    slot: int
    number: int


class FlaskPlane:
    """A DataPlane inside the balancer's own process: the next attempt sees the new routes, all of them."""

    def __init__(self) -> None:
        self._placement = Placement(Routes((), ()))
        self._in_flight: Counter[str] = Counter()
        self._keyless = 0
        self._lock = threading.Lock()

    def apply(self, routes: Routes) -> None:
        placement = Placement(routes)
        with self._lock:
            self._placement = placement

    def in_step(self, routes: Routes) -> bool:
        return self._placement.routes == routes

    def in_flight(self, name: str) -> int:
        with self._lock:
            return self._in_flight[name]

    def keyless(self) -> int:
        return self._keyless

    @property
    def addresses(self) -> frozenset[str]:
        return frozenset(backend.address for backend in self._placement.routes.backends)

    @contextmanager
    def send(self, message: Message, random_id: int, tried: Collection[str]) -> Iterator[Attempt]:
        """The server for one attempt of a request, under the routes of this moment; `tried` are those asked before.

        The choice and the count of what is in flight are one step, so that a drain sees every request and no bound is
        passed; the count goes down when the block ends. Raises EmptyRing.
        """
        with self._lock:
            slot = self._placement.slot(self._key(message, random_id, is_first=not tried))
            backend = self._placement.server(slot, tried, self._in_flight)
            self._in_flight[backend.name] += 1
        try:
            yield Attempt(backend, slot, len(tried) + 1)
        finally:
            self._done(backend)

    def _key(self, message: Message, random_id: int, *, is_first: bool) -> bytes:
        source = self._placement.routes.key
        key = source.read(message)
        if not key and not source.is_random and is_first:
            self._keyless += 1
        return key or b"%d" % random_id

    def _done(self, backend: Backend) -> None:
        with self._lock:
            self._in_flight[backend.name] -= 1
            if not self._in_flight[backend.name]:
                del self._in_flight[backend.name]
