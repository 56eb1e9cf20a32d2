"""An event: something that the balancer decided or saw, with its reason and how long it took."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class EventKind(StrEnum):
    """docs/operations.md has the table for users."""

    RESTORED = "restored"  # the fleet after a start of the balancer; the reason says where it was found
    JOINED = "joined"  # ready and on the ring
    LEFT = "left"  # off the ring as a user wished, drained and removed
    SUSPECTED = "suspected"  # its heartbeats are missed; failed comes next, unless most servers miss theirs
    FAILED = "failed"  # off the ring for the reason given
    FENCED = "fenced"  # what is left of a failed server is killed
    REPLACED = "replaced"  # the failed server's place is taken again; the seconds count from its failure
    PROMOTED = "promoted"  # a spare went on the ring
    SPARE = "spare"  # a spare is ready, off the ring
    CUT = "cut"  # a leaving server had requests left at the drain timeout
    DEPLOY = "deploy"  # a step of a roll
    SCALE = "scale"  # the autoscaler changed N
    RING = "ring"  # another ring profile is obeyed
    WEIGHT = "weight"  # a server has another weight
    AILING = "ailing"  # a part around the balancer does not work
    WELL = "well"  # it works again


WARNINGS = frozenset({EventKind.SUSPECTED, EventKind.FAILED, EventKind.FENCED, EventKind.CUT, EventKind.AILING})
"""What an operator may want to look into."""


@dataclass(frozen=True, slots=True)
class Event:
    """`number` grows from event to event; `time` is in seconds since 1970, `seconds` what it took, where that is known;
    `server` is empty where no single one is meant; `facts` is whatever else is known, as JSON knows it."""

    number: int
    time: float
    kind: EventKind
    server: str = ""
    reason: str = ""
    seconds: float | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "time": self.time,
            "kind": self.kind,
            "server": self.server,
            "reason": self.reason,
            "seconds": self.seconds,
            "facts": dict(self.facts),
        }
