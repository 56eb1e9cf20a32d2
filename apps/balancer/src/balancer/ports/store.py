"""The fleet store, as a port: it keeps the desired fleet while the balancer is down."""

from __future__ import annotations

from typing import Protocol

from balancer.core.fleet import Fleet


class FleetStore(Protocol):
    """Every method may raise StateUnavailable."""

    def load(self) -> Fleet | None:
        """The fleet that was saved last; None where no fleet was ever saved. Raises NewerState for a fleet that must
        not be replaced."""

    def save(self, fleet: Fleet) -> None:
        """Replaces the saved fleet, as a whole or not at all. When it returns, the fleet would survive a power cut."""
