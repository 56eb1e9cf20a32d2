"""Randomness, as a port, so that a test decides what is drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Randomness(Protocol):
    def choice(self, items: str, /) -> str:
        """One random character of a string."""

    def draw(self, items: Sequence[str], count: int, /) -> list[str]:
        """`count` different items, in random order."""
