"""The state of the data plane flask: its routes, and the number of requests in flight at each server."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from balancer.adapters.flask_plane.placement import Placement
from balancer.adapters.flask_plane.traffic import FlaskTraffic
from balancer.adapters.flask_plane.unreachable import Unreachable
from balancer.core.activity import Activity
from balancer.core.certificate import Certificate
from balancer.core.errors import EmptyRing
from balancer.core.key_source import RANDOM, Message
from balancer.core.load import Load
from balancer.core.response_readings import ResponseReadings
from balancer.core.routes import Backend, Routes


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to get an answer from a server. `number`: 1 for the first attempt of a request. `key`: where its key
    came from. `is_diverted`: it passes over a server that is known as unreachable."""

    backend: Backend
    slot: int
    number: int
    key: str
    is_diverted: bool


class FlaskPlane:
    """A DataPlane in the balancer's own process. New routes hold from the next attempt on."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._placement = Placement(Routes((), ()))
        self._in_flight: Counter[str] = Counter()
        self._unreachable = Unreachable()
        self._close_idle_at: Callable[[str], None] = lambda _: None
        self._keyless = 0
        self._given: Counter[str] = Counter()
        self._taken: Counter[str] = Counter()
        self._given_up: Counter[str] = Counter()
        self._responses = 0
        self._response_seconds = 0.0
        self._readings = ResponseReadings()
        self._lock = threading.Lock()
        self.traffic = FlaskTraffic(self._present)

    def apply(self, routes: Routes) -> None:
        placement = Placement(routes)
        with self._lock:
            self._placement = placement
            self._unreachable.keep(self.addresses)
            self.traffic.obey(routes)

    def in_step(self, routes: Routes) -> bool:
        return self._placement.routes == routes

    def activity(self) -> Mapping[str, Activity]:
        with self._lock:
            instances = self._instances()
            self._given, self._taken, self._given_up = (
                Counter({name: number for name, number in counter.items() if name in instances})
                for counter in (self._given, self._taken, self._given_up)
            )
            return {
                name: Activity(self._in_flight[name], self._given[name], self._taken[name], self._given_up[name])
                for name in instances
            }

    def close_idle(self, instance: str) -> None:
        for backend in self._placement.routes.backends:
            if backend.instance == instance:
                self._close_idle_at(backend.address)

    def keeps_idle(self, close: Callable[[str], None]) -> None:
        """Takes the function that closes what is kept idle at an address: another object keeps the connections."""
        self._close_idle_at = close

    def load(self) -> Load:
        with self._lock:
            self._readings = self._readings.with_reading(
                self._now(), responses=self._responses, seconds=self._response_seconds
            )
            return Load(self._in_flight.total(), self._readings.mean)

    def keyless(self) -> int:
        return self._keyless

    def certificates(self) -> tuple[Certificate, ...]:
        return ()

    def gave(self, instance: str, count: int) -> None:
        """Notes that so many bytes came from the server."""
        with self._lock:
            self._given[instance] += count

    def took(self, instance: str, count: int) -> None:
        """Notes that so many bytes of a body went to the server."""
        with self._lock:
            self._taken[instance] += count

    def client_left(self, instance: str) -> None:
        """Notes that the client of a request left before the server's response came."""
        with self._lock:
            self._given_up[instance] += 1

    def answered(self, instance: str, seconds: float, *, is_error: bool) -> None:
        """Notes that a server took `seconds` seconds to the head of its answer. `is_error`: its status is 5xx."""
        self.traffic.answered(instance, seconds, is_error=is_error)
        with self._lock:
            self._given[instance] += 1
            self._responses += 1
            self._response_seconds += seconds

    @property
    def addresses(self) -> frozenset[str]:
        return frozenset(backend.address for backend in self._placement.routes.backends)

    @contextmanager
    def send(self, message: Message, random_id: int, tried: Collection[str]) -> Iterator[Attempt]:
        """Chooses the server for one attempt under the present routes. `tried`: the instances of earlier attempts.

        The request counts as in flight from the choice, under the same lock, until the block ends. So a drain sees
        every request, and no server exceeds its bound. Raises EmptyRing.
        """
        with self._lock:
            key = self._key(message, is_first=not tried)
            slot = self._placement.slot(key or b"%d" % random_id)
            if key and not tried:
                self.traffic.came(key, slot)
            backend, is_diverted = self._choose(slot, tried, self._now())
            self._in_flight[backend.instance] += 1
            source = self._placement.routes.key if key else RANDOM
        try:
            yield Attempt(backend, slot, len(tried) + 1, str(source), is_diverted)
        finally:
            self._done(backend)

    def reached(self, backend: Backend) -> None:
        with self._lock:
            self._unreachable.reached(backend.address)

    def not_reached(self, backend: Backend) -> None:
        with self._lock:
            self._unreachable.failed(backend.address, self._now())

    def _choose(self, slot: int, tried: Collection[str], now: float) -> tuple[Backend, bool]:
        """A server that is not known as unreachable; where there is none, any server. And whether it is another one for
        that. Raises EmptyRing."""
        backend = nearest = self._placement.server(slot, tried, self._in_flight)
        addresses = self._unreachable.at(now)
        if addresses:
            passed_over = {other.instance for other in self._placement.routes.backends if other.address in addresses}
            with suppress(EmptyRing):
                backend = self._placement.server(slot, {*tried, *passed_over}, self._in_flight)
        self._unreachable.asked(backend.address, now)
        return backend, backend != nearest

    def _key(self, message: Message, *, is_first: bool) -> bytes:
        """The key, empty where there is none."""
        routes = self._placement.routes
        key = routes.key_of(message)
        if not key and not routes.key.is_random and is_first:
            self._keyless += 1
        return key

    def _instances(self) -> set[str]:
        """The servers of the routes, and those that still answer."""
        return {backend.instance for backend in self._placement.routes.backends} | self._in_flight.keys()

    def _present(self) -> dict[str, int]:
        """instance → requests in flight."""
        with self._lock:
            return {name: self._in_flight[name] for name in self._instances()}

    def _done(self, backend: Backend) -> None:
        with self._lock:
            self._in_flight[backend.instance] -= 1
            if not self._in_flight[backend.instance]:
                del self._in_flight[backend.instance]
