"""Placement: which backend a request gets under one set of routes. It is pure and has no lock."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import chain

from balancer.core import bounded_load
from balancer.core.errors import EmptyRing
from balancer.core.routes import Backend, Routes


class Placement:
    """One set of routes, prepared for many requests."""

    def __init__(self, routes: Routes) -> None:
        self.routes = routes
        self._backends = {backend.instance: backend for backend in routes.backends}
        self._weights = {instance: self._backends[instance].weight for instance in set(routes.slots) if instance}
        self._total_weight = sum(self._weights.values())

    def slot(self, key: bytes) -> int:
        """The slot of a key. Raises EmptyRing."""
        if not self.routes.slots:
            raise EmptyRing("there are no slots")
        return self.routes.request_hash.slot(key, len(self.routes.slots))

    def server(self, slot: int, tried: Collection[str], in_flight: Mapping[str, int]) -> Backend:
        """The first backend clockwise from the slot that is not in `tried` (instances) and has room under bounded load.

        At the first attempt there is always one with room, because the caps add up to more than what is in flight. In a
        repetition there may be none: then it is the first one that is not in `tried`. Raises EmptyRing where all are.
        """
        untried = (instance for instance in self._clockwise(slot) if instance not in tried)
        first = next(untried, None)
        if first is None:
            raise EmptyRing("no server is left to try")
        with_room = (instance for instance in chain([first], untried) if self._has_room(instance, in_flight))
        return self._backends[next(with_room, first)]

    def _clockwise(self, slot: int) -> Iterator[str]:
        """The walk: the instances clockwise from the slot on, each once."""
        slots = self.routes.slots
        met = {""}
        for step in range(len(slots)):
            instance = slots[(slot + step) % len(slots)]
            if instance not in met:
                met.add(instance)
                yield instance
            if len(met) > len(self._weights):
                return

    def _has_room(self, instance: str, in_flight: Mapping[str, int]) -> bool:
        bound = self.routes.bound
        if bound is None:
            return True
        total = sum(count for other, count in in_flight.items() if other in self._weights)
        cap = bounded_load.cap(bound, weight=self._weights[instance], total_weight=self._total_weight, in_flight=total)
        return in_flight.get(instance, 0) < cap
