"""Heartbeats, as ports: one heartbeat that the caller waits for, and many at a time."""

from __future__ import annotations

from typing import Protocol


class Probe(Protocol):
    def alive(self, address: str) -> bool:
        """Whether the server at "ip:port" answered its heartbeat with 200 in time. Never raises."""


class Probes(Protocol):
    """Heartbeats that run at the same time; none waits for another. Only one thread may use it."""

    def send(self, number: int, address: str) -> None:
        """Begins a heartbeat of the server at "ip:port". No other running heartbeat may have the same `number`."""

    def ended(self, *, within: float) -> list[tuple[int, bool]]:
        """The heartbeats that have ended since the last call: (number, whether 200 came in time). Waits for the first
        one for at most `within` seconds, and may return an empty list earlier."""
