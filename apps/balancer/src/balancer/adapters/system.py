"""The clock and the randomness of the operating system."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence


class SystemClock:
    def now(self) -> float:
        return time.monotonic()

    def time(self) -> float:
        return time.time()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class SystemRandomness:
    """Random numbers of the operating system, not of a seed."""

    def __init__(self) -> None:
        self._random = random.SystemRandom()

    def choice(self, items: str, /) -> str:
        return self._random.choice(items)

    def draw(self, items: Sequence[str], count: int, /) -> list[str]:
        return self._random.sample(items, count)
