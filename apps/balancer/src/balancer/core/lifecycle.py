"""A server's life as a table over (state, trigger). What is not in the table cannot happen."""

from __future__ import annotations

from enum import StrEnum

from balancer.core.errors import IllegalTransition


class State(StrEnum):
    JOINING = "joining"
    """Its container is being started; not on the ring, and undone if the balancer dies now."""
    SPARE = "spare"
    """Ready and off the ring: takes the place of the next server that fails."""
    SERVING = "serving"
    DOWN = "down"
    """Failed: it answers nothing and its container is removed, but its slots wait for a replacement."""
    LEAVING = "leaving"
    """Off the ring, finishing what it has."""
    GONE = "gone"


class Trigger(StrEnum):
    READY = "ready"
    SPARED = "spared"
    """It is ready, and nobody needs it yet."""
    PROMOTED = "promoted"
    DISMISSED = "dismissed"
    """A spare that nobody will need."""
    FAILED = "failed"
    REMOVED = "removed"
    """A user takes it away, or its own new container takes over."""
    REPLACED = "replaced"
    """Another server took its place."""
    STOPPED = "stopped"
    """Its container has ended and is removed."""


TRANSITIONS: dict[tuple[State, Trigger], State] = {
    (State.JOINING, Trigger.READY): State.SERVING,
    (State.JOINING, Trigger.SPARED): State.SPARE,
    (State.JOINING, Trigger.FAILED): State.GONE,
    (State.SPARE, Trigger.PROMOTED): State.SERVING,
    (State.SPARE, Trigger.FAILED): State.GONE,
    (State.SPARE, Trigger.DISMISSED): State.GONE,
    (State.SERVING, Trigger.FAILED): State.DOWN,
    (State.SERVING, Trigger.REMOVED): State.LEAVING,
    (State.DOWN, Trigger.REPLACED): State.GONE,
    (State.LEAVING, Trigger.STOPPED): State.GONE,
}


def after(state: State, trigger: Trigger) -> State:
    try:
        return TRANSITIONS[state, trigger]
    except KeyError:
        raise IllegalTransition(f"a server that is {state} cannot be {trigger}") from None
