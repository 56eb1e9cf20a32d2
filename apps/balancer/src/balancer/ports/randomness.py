"""Randomness, as a port, so that tests can repeat what was drawn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Randomness(Protocol):
    def choice(self, items: str, /) -> str:
        """One character of a string."""

    def sample(self, items: Sequence[str], count: int, /) -> list[str]:
        """`count` different ones of `items`, in random order."""
