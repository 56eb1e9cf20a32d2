"""The nodes of the servers' containers, as the engine last showed them. Nothing is known of them on one host."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from balancer.core.observed import Observed

_GONE = 1000
"""Containers that are gone and whose nodes are remembered, at most: events tell of servers that have just left."""


class Nodes:
    """Any thread may call every method. It is not saved: the first observation after a start tells it again."""

    def __init__(self) -> None:
        self._nodes: dict[str, str] = {}
        self._lock = threading.Lock()

    def observed(self, observed: Mapping[str, Observed]) -> None:
        """Notes the nodes of these containers, which are all that there are, by instance."""
        present = {instance: container.node for instance, container in observed.items() if container.node}
        with self._lock:
            gone = [instance for instance in self._nodes if instance not in present][-_GONE:]
            self._nodes = {instance: self._nodes[instance] for instance in gone} | present

    def of(self, instance: str) -> str:
        """The name of the node; empty where it is not known."""
        return self._nodes.get(instance, "")
