"""Time and chance, so that tests can hold both still."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Chance(Protocol):
    def choice(self, items: str, /) -> str:
        """One character of a string."""

    def sample(self, items: Sequence[str], count: int, /) -> list[str]:
        """`count` different ones of `items`, in random order."""


class Clock(Protocol):
    def now(self) -> float:
        """Seconds that only ever grow, from an unknown start."""

    def time(self) -> float:
        """Seconds since 1970, for people: it jumps where somebody sets the clock."""

    def sleep(self, seconds: float) -> None:
        """Returns after so many seconds."""
