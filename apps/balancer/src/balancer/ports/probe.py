"""Heartbeats, as ports: one heartbeat that the caller waits for, and many at a time."""

from __future__ import annotations

from typing import Protocol

from balancer.core.heartbeat import Heartbeat


class Probe(Protocol):
    def look(self, address: str, heartbeat: Heartbeat) -> str:
        """Asks the server at "ip:port". Empty where it answered well and in time, else what was seen, for users. It may
        listen longer than the heartbeat allows, to see what comes late. Never raises."""


class Probes(Protocol):
    """Heartbeats that run at the same time; none waits for another. Only one thread may use it."""

    def send(self, number: int, address: str, heartbeat: Heartbeat) -> None:
        """Begins a heartbeat of the server at "ip:port". No other running heartbeat may have the same `number`."""

    def ended(self, *, within: float) -> list[tuple[int, bool]]:
        """The heartbeats that have ended since the last call: (number, whether a good answer came in time). Waits for
        the first one for at most `within` seconds, and may return an empty list earlier."""
