"""Randomness from a seed: each run draws the same."""

from __future__ import annotations

import random
from collections.abc import Sequence


class SeededRandomness:
    """A Randomness that draws the same for the same seed."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)  # noqa: S311 (it must repeat itself)

    def choice(self, items: str, /) -> str:
        return self._random.choice(items)

    def draw(self, items: Sequence[str], count: int, /) -> list[str]:
        return self._random.sample(items, count)
