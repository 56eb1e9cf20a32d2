"""The traffic of the data plane in memory: a test says what each server answered, and which keys came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping

from balancer.core.routes import Routes
from balancer.core.server_load import ServerCounters
from balancer.core.traffic import SAMPLE, CountedKey, KeyCounts, key_hash


class FakeTraffic:
    """A Traffic. It counts every 16th key. `present` returns instance → requests in flight, for every server that the
    plane knows; it raises PlaneUnavailable where the plane is away."""

    def __init__(self, present: Callable[[], Mapping[str, int]]) -> None:
        self._present = present
        self._requests: Counter[str] = Counter()
        self._errors: Counter[str] = Counter()
        self._response_times: dict[str, float] = {}
        self._keys: Counter[tuple[int, bytes]] = Counter()
        self._came = 0
        self._routes = Routes((), ())

    def counters(self) -> Mapping[str, ServerCounters]:
        return {
            name: ServerCounters(
                in_flight, self._requests[name], self._errors[name], self._response_times.get(name, 0.0)
            )
            for name, in_flight in self._present().items()
        }

    def keys(self) -> KeyCounts:
        self._present()
        if self._routes.key.is_random:
            return KeyCounts()
        counted = (CountedKey(slot, key_hash(key), count) for (slot, key), count in self._keys.items())
        return KeyCounts(1 / SAMPLE, tuple(counted))

    def obey(self, routes: Routes) -> None:
        if _ring(routes) != _ring(self._routes):
            self._keys.clear()
        self._routes = routes

    def answered(self, instance: str, requests: int = 1, *, errors: int = 0, response_time: float = 0.0) -> None:
        """The server has answered so many requests more."""
        self._requests[instance] += requests
        self._errors[instance] += errors
        self._response_times[instance] = response_time

    def came(self, key: bytes, slot: int) -> None:
        self._came += 1
        if self._came % SAMPLE == 0:
            self.counted(key, slot)

    def counted(self, key: bytes, slot: int, count: int = 1) -> None:
        """The key was among those that are counted."""
        self._keys[slot, key] += count

    def restart(self) -> None:
        self._requests.clear()
        self._errors.clear()
        self._keys.clear()


def _ring(routes: Routes) -> tuple[object, ...]:
    return routes.key, routes.request_hash.name, len(routes.slots), routes.seed
