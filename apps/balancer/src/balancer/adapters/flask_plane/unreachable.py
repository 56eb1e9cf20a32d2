"""Servers to which no connection can be made: they are passed over, so that not every request finds out for itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

LIMIT = 3
"""Connections in a row that fail, none between them that succeeds, until a server is passed over."""
REST = 0.2
"""Seconds for which it is; then one request tries it again."""


class Unreachable:
    """Servers go by their addresses, times are seconds of one clock. The caller holds a lock."""

    def __init__(self) -> None:
        self._failures: Counter[str] = Counter()
        self._until: dict[str, float] = {}

    def at(self, now: float) -> frozenset[str]:
        return frozenset(address for address, until in self._until.items() if now < until)

    def asked(self, address: str, now: float) -> None:
        """A request goes there. Where it is the one that tries again, the others wait for what comes of it."""
        if self._failures[address] >= LIMIT:
            self._until[address] = now + REST

    def failed(self, address: str, now: float) -> None:
        self._failures[address] += 1
        self.asked(address, now)

    def reached(self, address: str) -> None:
        self._failures.pop(address, None)
        self._until.pop(address, None)

    def keep(self, addresses: Collection[str]) -> None:
        """Forgets all others."""
        for address in self._failures.keys() - addresses:
            self.reached(address)
