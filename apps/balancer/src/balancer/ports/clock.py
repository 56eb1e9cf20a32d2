"""The time, as a port, so that tests can hold it still."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    def now(self) -> float:
        """Seconds that only ever grow, from an unknown start."""

    def time(self) -> float:
        """Seconds since 1970, for people: this time jumps when somebody sets the machine's clock."""

    def sleep(self, seconds: float) -> None:
        """Returns after so many seconds."""
