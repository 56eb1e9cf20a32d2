"""A server's life cycle as a table: (state, trigger) → state. A pair that is not in the table cannot happen."""

from __future__ import annotations

from enum import StrEnum

from balancer.core.errors import IllegalTransition


class State(StrEnum):
    JOINING = "joining"
    """The server's container is being started. The server is not on the ring; the start is undone if the balancer
    dies."""
    SPARE = "spare"
    """Ready and off the ring: the server takes the place of the next server that fails."""
    SERVING = "serving"
    SILENT = "silent"
    """The server misses its heartbeats: it may be busy. It gets no new requests, its slots walk on, and it may come
    back."""
    DOWN = "down"
    """Failed: the server answers nothing, its container is removed, and its slots wait for a replacement."""
    LEAVING = "leaving"
    """Off the ring: the server finishes the requests that it has."""
    GONE = "gone"


class Trigger(StrEnum):
    READY = "ready"
    SPARED = "spared"
    """The server is ready and becomes a spare: N servers serve already."""
    PROMOTED = "promoted"
    DISMISSED = "dismissed"
    """The spare is not needed."""
    SILENCED = "silenced"
    """The server missed its heartbeats."""
    ANSWERED = "answered"
    """The silent server answered a heartbeat, or is believed to be as well as the others."""
    FAILED = "failed"
    REMOVED = "removed"
    """A user or the autoscaler removes the server, or its own new container takes over."""
    REPLACED = "replaced"
    """Another server took the place of the failed server."""
    STOPPED = "stopped"
    """The server's container has ended and is removed."""


TRANSITIONS: dict[tuple[State, Trigger], State] = {
    (State.JOINING, Trigger.READY): State.SERVING,
    (State.JOINING, Trigger.SPARED): State.SPARE,
    (State.JOINING, Trigger.FAILED): State.GONE,
    (State.SPARE, Trigger.PROMOTED): State.SERVING,
    (State.SPARE, Trigger.FAILED): State.GONE,
    (State.SPARE, Trigger.DISMISSED): State.GONE,
    (State.SERVING, Trigger.FAILED): State.DOWN,
    (State.SERVING, Trigger.REMOVED): State.LEAVING,
    (State.SERVING, Trigger.SILENCED): State.SILENT,
    (State.SILENT, Trigger.ANSWERED): State.SERVING,
    (State.SILENT, Trigger.FAILED): State.DOWN,
    (State.SILENT, Trigger.REMOVED): State.LEAVING,
    (State.DOWN, Trigger.REPLACED): State.GONE,
    (State.LEAVING, Trigger.STOPPED): State.GONE,
}


def after(state: State, trigger: Trigger) -> State:
    try:
        return TRANSITIONS[state, trigger]
    except KeyError:
        raise IllegalTransition(f"a server that is {state} cannot be {trigger}") from None
