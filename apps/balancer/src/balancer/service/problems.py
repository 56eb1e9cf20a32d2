"""What does not work right now, part by part, for the balancer's health answers. Every change is an event."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from balancer.core.errors import RingmasterError
from balancer.core.event import EventKind
from balancer.service.event_log import EventLog


class Part(StrEnum):
    ENGINE = "engine"
    PLANE = "data plane"
    FLEET = "fleet"
    STATE = "state"
    RING = "ring"


class Problems:
    def __init__(self, events: EventLog) -> None:
        self._events = events
        self._reasons: dict[Part, str] = {}

    @property
    def by_part(self) -> dict[str, str]:
        """Part → the reason why it does not work; empty while all parts work."""
        return {str(part): reason for part, reason in sorted(self._reasons.items())}

    def has(self, part: Part) -> bool:
        return part in self._reasons

    def report(self, part: Part, reason: str) -> None:
        """The part does not work, for that reason."""
        is_new = part not in self._reasons
        self._reasons[part] = reason
        if is_new:
            self._events.record(EventKind.AILING, reason=reason, part=part)

    def clear(self, part: Part) -> None:
        """The part works."""
        if self._reasons.pop(part, ""):
            self._events.record(EventKind.WELL, part=part)

    @contextmanager
    def watch(self, part: Part, *errors: type[RingmasterError]) -> Iterator[None]:
        """Reports the part when the block raises one of `errors`, which goes no further; clears it when the block ends
        without an error."""
        try:
            yield
        except errors as error:
            self.report(part, str(error))
        else:
            self.clear(part)
