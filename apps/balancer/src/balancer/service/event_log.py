"""The event log: it keeps the latest events for the API, and writes each event as a line of the log."""

from __future__ import annotations

import json
import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

from balancer.core.event import WARNINGS, Event, EventKind
from balancer.ports.clock import Clock
from balancer.service.nodes import Nodes

_log = logging.getLogger(__name__)

KEPT = 1000
"""How many events are kept. Older ones are forgotten."""


@dataclass(frozen=True, slots=True)
class Page:
    """The events after a number. `next`: the number to ask for next. `dropped`: how many events after the number are
    forgotten already."""

    events: tuple[Event, ...]
    next: int
    dropped: int


class EventLog:
    """Any thread may call every method. Event numbers have no gaps. They begin with the time of the start in
    milliseconds: so they also grow over restarts, and a client that followed the events goes on with the new ones.

    `listeners`: each is called with every event, in the thread that recorded it, and returns at once. `nodes`: where
    the servers' containers run."""

    def __init__(
        self,
        clock: Clock,
        *,
        kept: int = KEPT,
        listeners: Sequence[Callable[[Event], None]] = (),
        nodes: Nodes | None = None,
    ) -> None:
        self._clock = clock
        self._nodes = nodes or Nodes()
        self._listeners = tuple(listeners)
        self._history: deque[Event] = deque(maxlen=kept)
        self._before = self._last = int(clock.time() * 1000)
        self._changed = threading.Condition()

    @property
    def last(self) -> int:
        """The number of the latest event."""
        return self._last

    def record(
        self,
        kind: EventKind,
        *,
        server: str = "",
        instance: str = "",
        node: str = "",
        reason: str = "",
        seconds: float | None = None,
        **facts: object,
    ) -> None:
        """Records an event. `instance`: the container that is meant, where the server may have another than that of its
        hostname; the event tells its node. `node`: the one that is meant where no server is.

        Facts are converted to JSON at once, so that later changes do not show. No fact and no reason may hold the value
        of an environment variable: it may be a secret, and events are shown and logged."""
        known = json.loads(json.dumps(facts, default=str, skipkeys=True))
        took = None if seconds is None else round(seconds, 3)
        with self._changed:
            number = self._last + 1
            where = node or self._nodes.of(instance or server)
            event = Event(number, round(self._clock.time(), 3), kind, server, reason, took, known, where)
            self._history.append(event)
            self._last = number
            self._changed.notify_all()
        level = logging.WARNING if kind in WARNINGS else logging.INFO
        _log.log(level, "%s", kind, extra=_extra(event))
        for listener in self._listeners:
            _tell(listener, event)

    def since(self, number: int) -> Page:
        """The events after the event of this number. For a number that no event has had since the start, all kept
        events."""
        with self._changed:
            after = number if self._before <= number <= self._last else self._before
            oldest = self._last - len(self._history)
            events = tuple(islice(self._history, max(0, after - oldest), None))
            return Page(events, self._last, max(0, oldest - after))

    def follow(self, after: int, timeout: float) -> Page:
        """Like `since`, but waits for the first event for at most `timeout` seconds. Without one the page is empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._last != after, timeout)
            return self.since(after)


def _tell(listener: Callable[[Event], None], event: Event) -> None:
    """Whatever becomes of the listener, the fleet goes on: metrics and spans must not stop what they are about."""
    try:
        listener(event)
    except Exception:
        _log.exception("a listener failed", extra={"number": event.number})


def _extra(event: Event) -> dict[str, object]:
    """The fields of a log line, without empty ones. Facts stay in one field: a fact's name could be a name of the
    logs."""
    document = event.document()
    names = ("number", "server", "node", "reason", "seconds", "facts")
    return {name: document[name] for name in names if document[name] not in ("", None, {})}
