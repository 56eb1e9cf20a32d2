"""The data plane, as a port: it sends each request to the server that the routes name."""

from __future__ import annotations

from typing import Protocol

from balancer.core.load import Load
from balancer.core.routes import Routes


class DataPlane(Protocol):
    """Every method may raise PlaneUnavailable."""

    def apply(self, routes: Routes) -> None:
        """The plane obeys these routes, all of them at once, from the next request on. Running requests go on."""

    def in_step(self, routes: Routes) -> bool:
        """Whether the plane obeys exactly these routes now."""

    def in_flight(self, instance: str) -> int:
        """The number of requests that the server is answering or that wait for it; 0 for an unknown instance."""

    def load(self) -> Load:
        """The present load of all servers. Response times are measured from the first call on."""

    def keyless(self) -> int:
        """The number of keyless requests since the plane started or last got another ring profile. Where the routes ask
        for no key, none is counted."""
