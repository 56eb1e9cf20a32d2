"""Unreachable servers: to these no connection can be made, so requests pass them over for a short time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection

LIMIT = 3
"""Connections in a row that have to fail before a server is passed over."""
REST = 0.2
"""Seconds for which a server is passed over. Then one request tries it again."""


class Unreachable:
    """Servers are given by address, times in seconds of one clock. The caller holds a lock."""

    def __init__(self) -> None:
        self._failures: Counter[str] = Counter()
        self._until: dict[str, float] = {}

    def at(self, now: float) -> frozenset[str]:
        return frozenset(address for address, until in self._until.items() if now < until)

    def asked(self, address: str, now: float) -> None:
        """Notes that a request goes to the server. Where this request tries an unreachable server again, other requests
        pass the server over for REST more seconds."""
        if self._failures[address] >= LIMIT:
            self._until[address] = now + REST

    def failed(self, address: str, now: float) -> None:
        self._failures[address] += 1
        self.asked(address, now)

    def reached(self, address: str) -> None:
        self._failures.pop(address, None)
        self._until.pop(address, None)

    def keep(self, addresses: Collection[str]) -> None:
        """Forgets all servers but these."""
        for address in self._failures.keys() - addresses:
            self.reached(address)
