"""The clock, as a port, so that a test decides what time it is."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    def now(self) -> float:
        """Seconds since an unknown start. They never go back."""

    def time(self) -> float:
        """Seconds since 1970, for people to read. This time jumps when the machine's clock is set."""

    def sleep(self, seconds: float) -> None:
        """Returns after `seconds` seconds."""
