"""The cause of a failure: which of a few kinds the reason in an event is of."""

from __future__ import annotations

from enum import StrEnum


class Cause(StrEnum):
    EXITED = "exited"
    """The server's container ended, is being stopped by somebody, or is gone."""
    STARVED = "starved"
    """It ended at its memory limit."""
    HUNG = "hung"
    """Its processes stand still: the container is paused, or its process is stopped by a signal."""
    SILENT = "silent"
    """It missed its heartbeats and showed no other sign of life."""
    NODE = "node"
    """Its Swarm node is down or cut off."""
    OTHER = "other"


_TEXTS = (
    ("out of memory", Cause.STARVED),
    ("its node ", Cause.NODE),
    ("its container is gone", Cause.EXITED),
    ("its container is not running", Cause.EXITED),
    ("somebody stops its container", Cause.EXITED),
    ("its container is paused", Cause.HUNG),
    ("its process is stopped by a signal", Cause.HUNG),
    ("it hangs", Cause.SILENT),
)
"""What a reason of `plan.decide` contains → its cause. The first one counts."""


def cause_of(reason: str) -> Cause:
    """The cause of a reason from `plan.decide`, also where the name of the server stands before it."""
    return next((cause for text, cause in _TEXTS if text in reason), Cause.OTHER)
