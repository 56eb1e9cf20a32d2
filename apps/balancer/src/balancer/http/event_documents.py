"""The documents of the event API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pydantic import Field

from balancer.core import event
from balancer.core.event import EventKind
from balancer.http.documents import Node, Time
from balancer.http.operation import Document


class Event(Document):
    """Something that the balancer decided or saw."""

    number: int = Field(ge=1, description="Grows from event to event, over restarts, too.")
    time: Time
    kind: EventKind
    server: str = Field(description="A hostname; empty where no single server is meant.")
    node: Node
    reason: str = Field(description="Empty where it goes without saying.")
    seconds: float | None = Field(description="What it took.")
    facts: dict[str, Any] = Field(description="Whatever else is known; it depends on the kind.")

    @classmethod
    def of(cls, happened: event.Event) -> Event:
        """With its time in the form that the logs use."""
        moment = datetime.fromtimestamp(happened.time, UTC)
        return cls(**happened.document() | {"time": moment.isoformat(timespec="milliseconds")})


class Events(Document):
    """Events, the oldest first."""

    events: list[Event]
    next: int = Field(ge=0, description="The `since` for what comes next.")
    dropped: int = Field(ge=0, description="So many after `since` are forgotten already.")
