"""The journey of a request: its attempts, why it went on from one to the next, and what came back."""

from __future__ import annotations

from dataclasses import dataclass, field

from balancer.adapters.flask_plane.plane import Attempt
from balancer.ports.answers import Repeated


@dataclass(slots=True)
class Journey:
    """`attempt`: the last one, None where no server could be asked. `tried`: the instances of the attempts that failed.
    `recipients`: how many servers have got the request and not answered it. `repeated`: why it went on, each time.
    `streamed`: the bytes of the answer's body that were passed on piece by piece."""

    attempt: Attempt | None = None
    tried: set[str] = field(default_factory=set)
    recipients: int = 0
    repeated: list[Repeated] = field(default_factory=list)
    streamed: int = 0
    _failure: Repeated | None = None

    @property
    def failures(self) -> int:
        """How many failed attempts were followed by another one."""
        return sum(why is not Repeated.was_down for why in self.repeated)

    def begins(self, attempt: Attempt) -> None:
        """Notes an attempt. Only now a failure before it was a reason to repeat the request. A server that is known as
        unreachable is passed over by every attempt, and noted once."""
        if self._failure:
            self.repeated.append(self._failure)
        if attempt.is_diverted and Repeated.was_down not in self.repeated:
            self.repeated.append(Repeated.was_down)
        self.attempt, self._failure = attempt, None

    def fails(self, attempt: Attempt, why: Repeated) -> None:
        self.tried.add(attempt.backend.instance)
        self.recipients += why is Repeated.broke_off
        self._failure = why
