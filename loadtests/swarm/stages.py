"""Load shapes as tables: which part of the users runs in which part of the time. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Stage:
    """Until so much of the run's time has passed, so much of the peak: both parts of 1."""

    until: float
    users: float


def part_of_the_users(stages: Sequence[Stage], time: float) -> float | None:
    """What runs when the part `time` of the run has passed; None when the run is over."""
    return next((stage.users for stage in stages if time < stage.until), None)
