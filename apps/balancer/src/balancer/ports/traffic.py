"""The traffic that a data plane saw, as a port: what each server got, and which keys came."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from balancer.core.server_load import ServerCounters
from balancer.core.traffic import KeyCounts


class Traffic(Protocol):
    """Every method may raise PlaneUnavailable."""

    def counters(self) -> Mapping[str, ServerCounters]:
        """instance → counters, for the servers that the plane knows. A request counts at the server that answered it,
        from the head of the response on. The counters of a server may begin anew, all together."""

    def keys(self) -> KeyCounts:
        """The keys of a sample of the keyed requests, since the plane got the present ring profile. The sample is
        bounded (traffic.MOST_KEYS) and forgets (traffic.FORGOTTEN_AFTER)."""
