"""The data plane: whatever sends each request to the server that the routes name."""

from __future__ import annotations

from typing import Protocol

from balancer.core.load import Load
from balancer.core.routes import Routes


class DataPlane(Protocol):
    """Every method may raise PlaneUnavailable."""

    def apply(self, routes: Routes) -> None:
        """Obeys the routes from the next request on, all of them at once. Requests that run are not touched."""

    def in_step(self, routes: Routes) -> bool:
        """Whether exactly these routes are being obeyed now."""

    def in_flight(self, instance: str) -> int:
        """Requests that the server is answering or that wait for it; 0 for an unknown one."""

    def load(self) -> Load:
        """What all servers have to do now. Response times count from the first call on."""

    def keyless(self) -> int:
        """Requests without the key that the routes ask for, which were keyed at random, since the plane started or
        last had another ring profile."""
