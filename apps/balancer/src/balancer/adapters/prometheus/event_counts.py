"""What an event adds to the metrics, as a pure function of the event."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from balancer.adapters.prometheus import families
from balancer.adapters.prometheus.families import DONE, DOWN, FAILED, REFUSED, UP
from balancer.adapters.prometheus.family import Family
from balancer.core.cause import cause_of
from balancer.core.event import Event, EventKind

_KINDS = {
    ("POST", "add"): "add",
    ("DELETE", "rm"): "rm",
    ("PUT", "ring"): "ring",
    ("PATCH", "servers"): "weight",
    ("POST", "deploy"): "deploy",
    ("DELETE", "deploy"): "rollback",
}
"""Method and the word in the path that matters → kind of the change. On the public port /add and /rm may have a
prefix."""


@dataclass(frozen=True, slots=True)
class Addition:
    """One more of a counter with these values of its labels; or, with `seconds`, one more duration of a histogram."""

    family: Family
    labels: tuple[str, ...] = ()
    seconds: float | None = None


def additions(event: Event) -> tuple[Addition, ...]:
    return _COUNTED[event.kind](event) if event.kind in _COUNTED else ()


def _change(event: Event) -> tuple[Addition, ...]:
    kind = _kind(str(event.facts.get("method")), str(event.facts.get("path")))
    status = int(event.facts.get("status", 0))
    if not kind:
        return ()
    result = DONE if status < 400 else REFUSED if status < 500 else FAILED
    counted = Addition(families.CHANGES, (kind, result))
    if result == REFUSED or event.seconds is None:
        return (counted,)
    return counted, Addition(families.CHANGE_DURATION, (kind,), event.seconds)


def _kind(method: str, path: str) -> str:
    """The kind of a change; empty for one that does not change servers, ring or release."""
    before, _, last = path.rpartition("/")
    return _KINDS.get((method, "servers" if before == "/servers" else last), "")


def _failed(event: Event) -> tuple[Addition, ...]:
    return (Addition(families.FAILURES, (cause_of(event.reason),)),)


def _replaced(event: Event) -> tuple[Addition, ...]:
    counted = Addition(families.REPLACEMENTS, (cause_of(event.reason),))
    return (counted, Addition(families.REPLACEMENT_DURATION, seconds=event.seconds or 0.0))


def _scaled(event: Event) -> tuple[Addition, ...]:
    """`wanted` is the N of a decision that was refused."""
    is_refused = "refused" in event.facts
    wanted = event.facts.get("wanted" if is_refused else "after", 0)
    direction = UP if wanted > event.facts.get("before", 0) else DOWN
    return (Addition(families.DECISIONS, (direction, REFUSED if is_refused else DONE)),)


_COUNTED: dict[EventKind, Callable[[Event], tuple[Addition, ...]]] = {
    EventKind.CHANGE: _change,
    EventKind.FAILED: _failed,
    EventKind.REPLACED: _replaced,
    EventKind.PROMOTED: lambda _: (Addition(families.PROMOTIONS),),
    EventKind.SILENT: lambda _: (Addition(families.SILENCES),),
    EventKind.FENCED: lambda _: (Addition(families.FENCED),),
    EventKind.SCALE: _scaled,
}
"""The other kinds of events add nothing."""
