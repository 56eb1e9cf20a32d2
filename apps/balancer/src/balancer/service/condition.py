"""What ails the balancer right now, for its health answers; a change is one event."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from balancer.core.errors import RingmasterError
from balancer.core.event import Kind
from balancer.service.events import Events


class Part(StrEnum):
    ENGINE = "engine"
    PLANE = "data plane"
    FLEET = "fleet"
    STATE = "state"
    RING = "ring"


class Condition:
    """Part → reason, empty while all is well."""

    def __init__(self, events: Events) -> None:
        self._events = events
        self._ailments: dict[Part, str] = {}

    @property
    def ailments(self) -> dict[str, str]:
        return {str(part): reason for part, reason in sorted(self._ailments.items())}

    def is_ill(self, part: Part) -> bool:
        return part in self._ailments

    def ill(self, part: Part, reason: str) -> None:
        is_new = part not in self._ailments
        self._ailments[part] = reason
        if is_new:
            self._events.record(Kind.AILING, reason=reason, part=part)

    def well(self, part: Part) -> None:
        if self._ailments.pop(part, ""):
            self._events.record(Kind.WELL, part=part)

    @contextmanager
    def watch(self, part: Part, *errors: type[RingmasterError]) -> Iterator[None]:
        """The part is ill when the block raises one of `errors` (which goes no further), and well when it ends."""
        try:
            yield
        except errors as error:
            self.ill(part, str(error))
        else:
            self.well(part)
