"""What measures how long the balancer's own work takes, as a port."""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol


class Work(StrEnum):
    RECONCILE = "reconcile"
    """One step of the reconciler, also one that failed."""
    SAVE = "save"
    """The fleet was saved."""


class Durations(Protocol):
    def took(self, work: Work, seconds: float) -> None:
        """Notes that the work has just ended and took `seconds` seconds. Returns at once, in any thread."""


class Unmeasured:
    """Durations that nobody wants to know."""

    def took(self, work: Work, seconds: float) -> None:
        pass
