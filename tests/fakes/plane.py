"""A data plane in memory: it obeys routes, and a test tells it what is in flight."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from balancer.core import bounded_load
from balancer.core.activity import Activity
from balancer.core.certificate import Certificate
from balancer.core.errors import PlaneUnavailable
from balancer.core.key_source import Message
from balancer.core.load import Load
from balancer.core.response_readings import ENOUGH
from balancer.core.routes import Routes
from tests.fakes.fault import Fault
from tests.fakes.process import Process
from tests.fakes.traffic import FakeTraffic


class FakePlane:
    """A DataPlane. `routes`: the routes that it obeys. `away`: makes its calls fail. `idle_closed`: the instances
    of all such calls. `shown`: the certificates that clients are shown."""

    def __init__(self, process: Process | None = None) -> None:
        self.routes = Routes((), ())
        self.away = Fault()
        self.idle_closed: list[str] = []
        self.shown: tuple[Certificate, ...] = ()
        self._in_flight: Counter[str] = Counter()
        self._given: Counter[str] = Counter()
        self._taken: Counter[str] = Counter()
        self._given_up: Counter[str] = Counter()
        self._keyless = 0
        self._took: list[float] = []
        self._process = process or Process()
        self.traffic = FakeTraffic(self._present)

    def apply(self, routes: Routes) -> None:
        self._call()
        self.traffic.obey(routes)
        self.routes = routes

    def in_step(self, routes: Routes) -> bool:
        self._call()
        return self.routes == routes

    def activity(self) -> Mapping[str, Activity]:
        self._call()
        known = {backend.instance for backend in self.routes.backends} | self._in_flight.keys() | self._given.keys()
        return {
            name: Activity(self._in_flight[name], self._given[name], self._taken[name], self._given_up[name])
            for name in known
        }

    def close_idle(self, instance: str) -> None:
        self._call()
        self.idle_closed.append(instance)

    def load(self) -> Load:
        self._call()
        latest = self._took[-ENOUGH:]
        return Load(self._in_flight.total(), sum(latest) / ENOUGH if len(latest) == ENOUGH else 0.0)

    def keyless(self) -> int:
        self._call()
        return self._keyless

    def certificates(self) -> tuple[Certificate, ...]:
        self._call()
        return self.shown

    def answer(self, slot: int) -> str:
        """The instance that answers a request of this slot; empty where none does."""
        slots = self.routes.slots
        names = [slots[(slot + step) % len(slots)] for step in range(len(slots))]
        return next((name for name in names if self._has_room(name)), "")

    def answer_to(self, message: Message, random_id: int) -> str:
        """The instance that answers this request. `random_id`: the key of a keyless request."""
        routes = self.routes
        key = routes.key_of(message)
        self._keyless += not (key or routes.key.is_random)
        slot = routes.request_hash.slot(key or str(random_id).encode(), max(1, len(routes.slots)))
        server = self.answer(slot)
        self._given[server] += 1
        if key:
            self.traffic.came(key, slot)
        if server:
            self.traffic.answered(server)
        return server

    @contextmanager
    def request(self, name: str) -> Iterator[None]:
        """The server is answering one request while the block runs."""
        self._in_flight[name] += 1
        try:
            yield
        finally:
            self._in_flight[name] -= 1
            self._given[name] += 1
            self.traffic.answered(name)

    def give_up(self, name: str) -> None:
        """The client of a request at this server leaves before the response."""
        self._given_up[name] += 1

    def busy(self, name: str, requests: int) -> None:
        """From now on the server is answering `requests` requests."""
        self._in_flight[name] = requests

    def moved(self, name: str, *, given: int = 0, taken: int = 0) -> None:
        """So many bytes come from the server, or go to it."""
        self._given[name] += given
        self._taken[name] += taken

    def took(self, seconds: float, *, responses: int = ENOUGH) -> None:
        """Adds responses, each of `seconds` seconds, to the measured response times."""
        self._took += [seconds] * responses

    def restart(self) -> None:
        """The plane restarts and forgets its routes, and what it counted."""
        self.traffic.restart()
        self.routes = Routes((), ())
        self._keyless = 0

    def _present(self) -> dict[str, int]:
        """instance → requests in flight, for every server that the plane knows."""
        self._call()
        return {backend.instance: self._in_flight[backend.instance] for backend in self.routes.backends}

    def _has_room(self, name: str) -> bool:
        weights = {backend.instance: backend.weight for backend in self.routes.backends if not backend.draining}
        if name not in weights or self.routes.bound is None:
            return name in weights
        in_flight = sum(self._in_flight[other] for other in weights)
        return self._in_flight[name] < bounded_load.cap(
            self.routes.bound, weight=weights[name], total_weight=sum(weights.values()), in_flight=in_flight
        )

    def _call(self) -> None:
        self._process.acts()
        if self.away.hits:
            raise PlaneUnavailable("the edge does not answer")
