"""What A-3 saw: the faults, the requests meanwhile, and who was on the ring. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from loadtests.experiments.endpoints import Call

OF_A_SERVER = ("docker kill", "docker stop", "docker pause", "docker rm -f")
FAULTS = (*OF_A_SERVER, "balancer kill -9")
"""In the order in which they happen."""


@dataclass(frozen=True, slots=True)
class Fault:
    """`at`: seconds since the start of the time line. `off_ring` and `whole`: seconds until the victim was seen off
    the ring and until N servers served again; None where nothing left the ring."""

    name: str
    victim: str
    at: float
    off_ring: float | None
    whole: float
    replacement: str


@dataclass(frozen=True, slots=True)
class Second:
    """`at`: seconds since the start; `servers`: name → answers."""

    at: float
    servers: Mapping[str, int]
    failures: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """`first` and `last`: who was on the ring at the start and at the `end`, in seconds. Of the requests that were
    `due`, `requests` were sent; their `latency` in milliseconds counts from when each was due. `broken_off`: why it
    ended early; empty where it did not."""

    endpoints: tuple[Call, ...]
    first: tuple[str, ...]
    faults: tuple[Fault, ...]
    last: tuple[str, ...]
    end: float
    seconds: tuple[Second, ...]
    due: float
    requests: int
    failures: int
    latency: Mapping[str, float]
    broken_off: str = ""

    @staticmethod
    def of(document: Mapping[str, Any]) -> Timeline:
        """From the document that it was written to."""
        read = {
            "endpoints": tuple(Call(**call) for call in document["endpoints"]),
            "first": tuple(document["first"]),
            "faults": tuple(Fault(**fault) for fault in document["faults"]),
            "last": tuple(document["last"]),
            "seconds": tuple(Second(**second) for second in document["seconds"]),
        }
        return Timeline(**{**document, **read})

    @property
    def spells(self) -> list[tuple[str, float, float]]:
        """(server, from, until) in seconds, for as long as it was on the ring by what the faults did, by when it
        joined."""
        since = dict.fromkeys(self.first, 0.0)
        over = []
        for fault in self.faults:
            if fault.off_ring is not None and fault.victim in since:
                over.append((fault.victim, since.pop(fault.victim), fault.at + fault.off_ring))
                since[fault.replacement] = fault.at + fault.whole
        return sorted(
            [*over, *((name, joined, self.end) for name, joined in since.items())], key=lambda spell: spell[1]
        )
