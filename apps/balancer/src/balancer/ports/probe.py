"""The heartbeat of one server, and many heartbeats at a time."""

from __future__ import annotations

from typing import Protocol


class Probe(Protocol):
    def alive(self, address: str) -> bool:
        """Whether the server at "ip:port" answered its heartbeat with 200 in time. Never raises."""


class Probes(Protocol):
    """Heartbeats under way, none of which waits for another; for one thread."""

    def send(self, number: int, address: str) -> None:
        """Begins a heartbeat of the server at "ip:port"; `number` is its own among those under way."""

    def ended(self, *, within: float) -> list[tuple[int, bool]]:
        """Those that have ended since the last call: their numbers, and whether 200 came in time. Waits for the first
        one, but not longer than `within` seconds; may come back earlier with none."""
