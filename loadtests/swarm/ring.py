"""The ring as GET /ring on the control port tells it, as far as statistics need it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Ring:
    """`shares`: server that serves → its share of the requests that come now, if no key comes more often than another.
    `version` grows with every change."""

    strategy: str
    request_hash: str
    key: str
    version: int
    shares: Mapping[str, float]

    @staticmethod
    def parse(document: Mapping[str, Any]) -> Ring:
        """Raises KeyError or TypeError where it is something else."""
        profile = document["profile"]
        serving = [server for server in document["servers"] if server["state"] == "serving"]
        return Ring(
            strategy=profile["strategy"],
            request_hash=profile["request_hash"],
            key=profile["key"],
            version=document["version"],
            shares={server["hostname"]: server["share"] for server in serving},
        )

    @property
    def max_over_mean(self) -> float | None:
        """What the busiest server's share is over the mean; None on an empty ring."""
        return max(self.shares.values()) * len(self.shares) if self.shares else None

    def __str__(self) -> str:
        return f"N = {len(self.shares)}, strategy {self.strategy}, request hash {self.request_hash}, key {self.key}"
