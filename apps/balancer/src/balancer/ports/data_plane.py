"""The data plane, as a port: it sends each request to the server that the routes name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from balancer.core.activity import Activity
from balancer.core.certificate import Certificate
from balancer.core.load import Load
from balancer.core.routes import Routes


class DataPlane(Protocol):
    """Every method may raise PlaneUnavailable."""

    def apply(self, routes: Routes) -> None:
        """The plane obeys these routes, all of them at once, from the next request on. Running requests go on."""

    def in_step(self, routes: Routes) -> bool:
        """Whether the plane obeys exactly these routes now."""

    def activity(self) -> Mapping[str, Activity]:
        """instance → activity, for the servers that the plane knows. The counters of one that was added anew may begin
        anew."""

    def close_idle(self, instance: str) -> None:
        """Closes the connections to the server that the plane keeps for later requests. Running requests go on, and the
        server gets new ones as before. An unknown instance is no error."""

    def load(self) -> Load:
        """The present load of all servers. Response times are measured from the first call on."""

    def keyless(self) -> int:
        """The number of keyless requests since the plane started or last got another ring profile. Where the routes ask
        for no key, none is counted."""

    def certificates(self) -> Sequence[Certificate]:
        """The certificates that clients are shown. Empty where the plane speaks no TLS."""
