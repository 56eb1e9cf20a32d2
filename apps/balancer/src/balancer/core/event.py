"""An event: one thing that the balancer decided or saw, its reason, and the time that it took."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class EventKind(StrEnum):
    """What an event is about. The table for users is in docs/fleet.md."""

    RESTORED = "restored"  # the balancer has its fleet after a start; the reason says from where
    JOINED = "joined"  # a server is ready and on the ring
    LEFT = "left"  # a server is off the ring for good, drained and removed
    SILENT = "silent"  # a server missed its heartbeats and gets no new requests; nothing is killed
    BACK = "back"  # a silent server gets requests again; `seconds` since it was silent
    FAILED = "failed"  # a ready server failed; the reason says why
    STARVED = "starved"  # a server reached its memory limit, and the kernel killed a process of it
    FENCED = "fenced"  # a container that must not answer any more is killed
    REPLACED = "replaced"  # another server has the place of a failed one; `seconds` since the failure
    PROMOTED = "promoted"  # a spare went on the ring
    SPARE = "spare"  # a spare is ready, off the ring
    CUT = "cut"  # a leaving server still had requests at the drain timeout
    DEPLOY = "deploy"  # a deploy entered a stage, or one server runs its release
    SCALE = "scale"  # the autoscaler changed N
    RING = "ring"  # the fleet has another ring profile
    WEIGHT = "weight"  # a server has another weight
    CERTIFICATE = "certificate"  # a certificate of the data plane was renewed
    CHANGE = "change"  # somebody asked for a change; the facts say who, from where, and what came of it
    EDGE_LOST = "edge_lost"  # nothing is heard of an edge any more; changes do not wait for it
    EDGE_BACK = "edge_back"  # a lost edge is heard of again; `seconds` since it was lost
    AILING = "ailing"  # a part does not work
    WELL = "well"  # the part works again


WARNINGS = frozenset(
    {
        EventKind.SILENT,
        EventKind.FAILED,
        EventKind.STARVED,
        EventKind.FENCED,
        EventKind.CUT,
        EventKind.EDGE_LOST,
        EventKind.AILING,
    }
)
"""Events that an operator may want to look into; they are logged as warnings."""


@dataclass(frozen=True, slots=True)
class Event:
    """`number` grows from event to event. `time`: seconds since 1970. `server`: a hostname, empty where the event is
    not about one server. `seconds`: how long it took, None where unknown. `facts`: all other facts, as JSON values.
    `node`: the Swarm node of the server's container, or of the edge; empty on one host and where it is not known."""

    number: int
    time: float
    kind: EventKind
    server: str = ""
    reason: str = ""
    seconds: float | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    node: str = ""

    def document(self) -> dict[str, Any]:
        return {
            "number": self.number,
            "time": self.time,
            "kind": self.kind,
            "server": self.server,
            "node": self.node,
            "reason": self.reason,
            "seconds": self.seconds,
            "facts": dict(self.facts),
        }
