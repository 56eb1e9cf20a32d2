"""Revisions in memory: what Swarm's configs are for several hosts."""

from __future__ import annotations

import threading

from balancer.core.errors import StateUnavailable, Superseded
from tests.fakes.fault import Fault


class MemoryRevisions:
    """Revisions. `full`: makes `replace` fail. `deaf`: it makes the revision, and nobody hears of it. `away`: nothing
    answers."""

    def __init__(self) -> None:
        self.full, self.deaf, self.away = Fault(), Fault(), Fault()
        self._newest: tuple[int, bytes] | None = None
        self._lock = threading.Lock()

    def newest(self) -> tuple[int, bytes] | None:
        with self._lock:
            if self.away.hits:
                raise StateUnavailable("no answer")
            return self._newest

    def replace(self, expected: int, content: bytes) -> int:
        with self._lock:
            if self.away.hits or self.full.hits:
                raise StateUnavailable("the fleet cannot be saved: there is no room")
            newest = self._newest[0] if self._newest else 0
            if newest > expected or 0 < newest < expected - 1:
                raise Superseded(f"another balancer has saved revision {newest} of the fleet")
            self._newest = expected + 1, content
            if self.deaf.hits:
                raise StateUnavailable("no answer within 10 s")
            return expected + 1

    def damage(self) -> None:
        """Nobody can read the newest content any more."""
        if self._newest:
            self._newest = self._newest[0], b"{"
