"""The fleet store, as a port: it keeps the desired fleet while the balancer is down."""

from __future__ import annotations

from typing import Protocol

from balancer.core.fleet import Fleet


class FleetStore(Protocol):
    """One balancer's view of the place where the fleet is kept; other balancers have views of their own. Every method
    may raise StateUnavailable. Any thread may call it."""

    def load(self) -> Fleet | None:
        """The fleet that was saved last; None where no fleet was ever saved. Raises NewerState for a fleet that must
        not be replaced, and DamagedState for one that nobody can read: the next save replaces it."""

    def save(self, fleet: Fleet) -> None:
        """Replaces the saved fleet, as a whole or not at all. When it returns, the fleet would survive a power cut.
        Raises Superseded, and saves nothing, where another balancer has saved since this store last loaded or saved."""

    def confirm(self) -> None:
        """Raises Superseded where a save would, and changes nothing."""
