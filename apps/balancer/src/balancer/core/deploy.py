"""A deploy: the fleet on its way from one release to another, or back."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from balancer.core.release import Release


class Stage(StrEnum):
    ROLLING = "rolling"
    BACK = "rolling back"
    """The new release failed, or a user wants the old one again."""
    DONE = "done"
    UNDONE = "rolled back"
    STUCK = "stuck"
    """The old release did not start again either: servers of both serve on."""


@dataclass(frozen=True, slots=True)
class Deploy:
    """`release` is the one to roll out; `surge` new containers are started at once, `batch` of them take over at once;
    `reason` says why the deploy failed."""

    release: Release
    surge: int
    batch: int
    stage: Stage = Stage.ROLLING
    reason: str = ""

    @property
    def is_active(self) -> bool:
        return self.stage in (Stage.ROLLING, Stage.BACK)
