"""Strikes: when do missed heartbeats make a server count as dead."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class HeartbeatPolicy:
    """Times in seconds. A server has failed after `strikes` misses in a row."""

    interval: float
    timeout: float
    strikes: int


@dataclass(frozen=True, slots=True)
class Pulse:
    """Misses in a row of one server."""

    misses: int = 0

    def beat(self, *, alive: bool) -> Pulse:
        return Pulse() if alive else Pulse(self.misses + 1)

    def has_failed(self, policy: HeartbeatPolicy) -> bool:
        return self.misses >= policy.strikes
