"""Where the desired fleet survives the balancer."""

from __future__ import annotations

from typing import Protocol

from balancer.core.fleet import Fleet


class FleetStore(Protocol):
    """Every method may raise StateUnavailable."""

    def load(self) -> Fleet | None:
        """The fleet last saved; None where none ever was. Raises NewerState where it must not be replaced."""

    def save(self, fleet: Fleet) -> None:
        """Replaces the saved fleet, whole or not at all, and returns when it would survive a power cut."""
