"""The stream of events, taken up again wherever it breaks off."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ringmaster.errors import Away

if TYPE_CHECKING:
    from ringmaster.client import Client

_PAUSE = 1.0
_PATIENCE = 120.0
"""Seconds for which the balancer may be away before the user is told."""


@dataclass(frozen=True, slots=True)
class Message:
    """A server-sent event. `data`: its text."""

    id: str = ""
    kind: str = "message"
    data: str = ""


def messages(lines: Iterable[str]) -> Iterator[Message]:
    """The messages in a text of server-sent events. Comments and messages without data are left out, and so is a last
    message that is not whole."""
    fields: dict[str, str] = {}
    for line in lines:
        if not line:
            if "data" in fields:
                yield Message(fields.get("id", ""), fields.get("event", "message"), fields["data"])
            fields = {}
            continue
        name, _, value = line.partition(":")
        if name in ("id", "event", "data"):
            value = value.removeprefix(" ")
            fields[name] = f"{fields[name]}\n{value}" if name == "data" and name in fields else value


def follow(
    client: Client, *, after: int, clock: Callable[[], float] = time.monotonic, **query: Any
) -> Iterator[Message]:
    """All events after that number, for ever. Raises Away where the balancer is away for too long."""
    last, heard = str(after), clock()
    while True:
        try:
            for message in messages(client.lines("/events", last=last, **query)):
                last = message.id or last
                yield message
            heard = clock()
        except Away:
            if clock() - heard > _PATIENCE:
                raise
        time.sleep(_PAUSE)


def event(message: Message) -> dict[str, Any]:
    """The event in a message."""
    found: dict[str, Any] = json.loads(message.data)
    return found


def as_line(document: dict[str, Any]) -> str:
    """An event in the form that the stream has."""
    return json.dumps(document, separators=(",", ":"))
