"""The report of starvation: events of servers that reached their memory limit."""

from __future__ import annotations

from collections.abc import Mapping

from balancer.core.event import EventKind
from balancer.core.fleet import Fleet
from balancer.core.observed import Observed
from balancer.core.plan import out_of_memory
from balancer.service.event_log import EventLog


class StarvationReport:
    """What had happened when this process first saw the containers was told by the one before it: the keeper, which
    counts, outlives the balancer."""

    def __init__(self, *, events: EventLog) -> None:
        self._events = events
        self._told: dict[str, int] | None = None
        """container id → how often it had starved when it was last reported; None before the first look."""

    def observed(self, fleet: Fleet, observed: Mapping[str, Observed]) -> None:
        """Records each server whose container has starved since the last call. While the engine is away, containers
        have no ids, and nothing is known of them."""
        present = {container.id: container.starved for container in observed.values() if container.id}
        if not present:
            return
        told = present if self._told is None else self._told
        for server in fleet.servers:
            container = observed.get(server.instance)
            if container is not None and container.starved > told.get(container.id, 0):
                why = out_of_memory(fleet.release_of(server).memory)
                self._events.record(
                    EventKind.STARVED, server=server.hostname, instance=server.instance, reason=f"killed: {why}"
                )
        self._told = present
