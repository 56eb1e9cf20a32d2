"""The heartbeat of one server."""

from __future__ import annotations

from typing import Protocol


class Probe(Protocol):
    def alive(self, address: str) -> bool:
        """Whether the server at "ip:port" answered its heartbeat with 200 in time. Never raises."""
