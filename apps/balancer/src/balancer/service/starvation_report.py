"""The report of starvation: events of servers that reached their memory limit."""

from __future__ import annotations

from collections.abc import Mapping

from balancer.core.event import EventKind
from balancer.core.fleet import Fleet
from balancer.core.observed import Observed
from balancer.core.plan import out_of_memory
from balancer.service.event_log import EventLog


class StarvationReport:
    def __init__(self, *, events: EventLog) -> None:
        self._events = events
        self._told: dict[str, int] = {}
        """container id → how often it had starved when it was last reported."""

    def observed(self, fleet: Fleet, observed: Mapping[str, Observed]) -> None:
        """Records each server whose container has starved since the last call."""
        for server in fleet.servers:
            container = observed.get(server.instance)
            if container is not None and container.starved > self._told.get(container.id, 0):
                why = out_of_memory(fleet.release_of(server).memory)
                self._events.record(EventKind.STARVED, server=server.hostname, reason=f"killed: {why}")
        self._told = {container.id: container.starved for container in observed.values()}
