"""The traffic of the data plane flask: what each server answered, and the keys of a sample of the requests."""

from __future__ import annotations

import random
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from balancer.core.routes import Routes
from balancer.core.server_load import ServerCounters
from balancer.core.traffic import FORGOTTEN_AFTER, MOST_KEYS, SAMPLE, CountedKey, KeyCounts, key_hash

_WINDOW = 512
"""Responses that a mean response time covers, as HAProxy's does."""


@dataclass(slots=True)
class _Tally:
    requests: int = 0
    errors: int = 0
    response_time: float = 0.0

    def add(self, seconds: float, *, is_error: bool) -> None:
        self.requests += 1
        self.errors += is_error
        self.response_time += (seconds - self.response_time) / min(self.requests, _WINDOW)


class FlaskTraffic:
    """A Traffic. `in_flight` returns instance → requests in flight, for every server that the plane knows. `draw`
    returns a number from 0 up to 1; `now` returns seconds."""

    def __init__(
        self,
        in_flight: Callable[[], Mapping[str, int]],
        *,
        draw: Callable[[], float] = random.random,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._in_flight = in_flight
        self._draw = draw
        self._now = now
        self._tallies: dict[str, _Tally] = {}
        self._is_keyed = False
        self._ring: object = None
        self._keys: OrderedDict[tuple[int, str], tuple[int, float]] = OrderedDict()
        self._lock = threading.Lock()

    def counters(self) -> Mapping[str, ServerCounters]:
        in_flight = self._in_flight()
        with self._lock:
            self._tallies = {name: self._tallies.get(name, _Tally()) for name in in_flight}
            return {
                name: ServerCounters(in_flight[name], tally.requests, tally.errors, tally.response_time)
                for name, tally in self._tallies.items()
            }

    def keys(self) -> KeyCounts:
        with self._lock:
            self._forget(self._now() - FORGOTTEN_AFTER)
            counted = tuple(CountedKey(slot, key, count) for (slot, key), (count, _) in self._keys.items())
            return KeyCounts(1 / SAMPLE if self._is_keyed else 0.0, counted)

    def obey(self, routes: Routes) -> None:
        """The counts of keys begin anew where another ring makes their slots."""
        ring = (routes.key, routes.request_hash.name, len(routes.slots), routes.seed)
        with self._lock:
            self._is_keyed = not routes.key.is_random
            if ring != self._ring:
                self._ring = ring
                self._keys.clear()

    def answered(self, instance: str, seconds: float, *, is_error: bool) -> None:
        """Notes that the server took `seconds` seconds to the head of its answer."""
        with self._lock:
            self._tallies.setdefault(instance, _Tally()).add(seconds, is_error=is_error)

    def came(self, key: bytes, slot: int) -> None:
        """Notes the key of a request, where the draw counts this one."""
        if self._draw() * SAMPLE >= 1:
            return
        name = (slot, key_hash(key))
        with self._lock:
            count, _ = self._keys.pop(name, (0, 0.0))
            self._keys[name] = (count + 1, self._now())
            if len(self._keys) > MOST_KEYS:
                self._keys.popitem(last=False)

    def _forget(self, before: float) -> None:
        """Forgets the keys that came last before that time. The key that was away longest is the first."""
        while self._keys and next(iter(self._keys.values()))[1] < before:
            self._keys.popitem(last=False)
