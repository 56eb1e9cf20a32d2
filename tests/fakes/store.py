"""A fleet store in memory. It outlives a balancer, but not the test."""

from __future__ import annotations

from balancer.core.errors import NewerState, StateUnavailable
from balancer.core.fleet import Fleet
from tests.fakes.fault import Fault
from tests.fakes.process import Process


class MemoryStore:
    """A FleetStore. `full`: makes `save` fail. `damaged`: `load` fails until the next `save`. `newer`: the saved fleet
    has a format that only a newer balancer knows."""

    def __init__(self, process: Process | None = None) -> None:
        self.saved: Fleet | None = None
        self.damaged = False
        self.newer = False
        self.full = Fault()
        self._process = process or Process()

    def load(self) -> Fleet | None:
        self._process.acts()
        if self.newer:
            raise NewerState("the saved fleet is of a newer format")
        if self.damaged:
            raise StateUnavailable("the saved fleet cannot be read")
        return self.saved

    def save(self, fleet: Fleet) -> None:
        self._process.acts()
        if self.full.hits:
            raise StateUnavailable("the fleet cannot be saved: no space left on device")
        self.saved = fleet
        self.damaged = False
