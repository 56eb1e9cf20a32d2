"""Problems: the parts that do not work right now, for the health report. Every change is an event."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from balancer.core.errors import RingmasterError
from balancer.core.event import EventKind
from balancer.service.event_log import EventLog


class Part(StrEnum):
    BALANCER = "balancer"
    ENGINE = "engine"
    PLANE = "data plane"
    FLEET = "fleet"
    IMAGE = "image"
    STATE = "state"
    RING = "ring"
    SERVERS = "servers"
    EDGES = "edges"
    CERTIFICATES = "certificates"
    TOKENS = "tokens"


class Problems:
    def __init__(self, events: EventLog) -> None:
        self._events = events
        self._reasons: dict[Part, str] = {}
        self._warnings: set[Part] = set()

    @property
    def by_part(self) -> dict[str, str]:
        """part → the reason why it does not work. Empty while all parts work."""
        return {str(part): reason for part, reason in sorted(self._reasons.items())}

    @property
    def are_harmless(self) -> bool:
        """Whether nothing is wrong yet: there is no problem, or there are only warnings."""
        return self._reasons.keys() <= self._warnings

    def has(self, part: Part) -> bool:
        return part in self._reasons

    def report(self, part: Part, reason: str, *, is_warning: bool = False) -> None:
        """Notes that the part does not work, for this reason; or, as a warning, that it soon may not."""
        is_new = part not in self._reasons or (part in self._warnings and not is_warning)
        self._reasons[part] = reason
        (self._warnings.add if is_warning else self._warnings.discard)(part)
        if is_new:
            self._events.record(EventKind.AILING, reason=reason, part=part)

    def clear(self, part: Part) -> None:
        """Notes that the part works."""
        if self._reasons.pop(part, ""):
            self._events.record(EventKind.WELL, part=part)

    @contextmanager
    def watch(self, part: Part, *errors: type[RingmasterError]) -> Iterator[None]:
        """Reports the part where the block raises one of `errors`, and does not raise it again. Clears the part where
        the block ends without an error."""
        try:
            yield
        except errors as error:
            self.report(part, str(error))
        else:
            self.clear(part)
