"""A deploy: the change of the fleet from one release to another, or back."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from balancer.core.release import Release


class Stage(StrEnum):
    PULLING = "pulling"
    """The image is looked for, and pulled where it is not on the engine. Nothing of the fleet has changed yet."""
    ROLLING = "rolling"
    ROLLING_BACK = "rolling back"
    """The new release failed, or a user cancelled the deploy: servers get the old release again."""
    DONE = "done"
    ROLLED_BACK = "rolled back"
    STUCK = "stuck"
    """The old release did not start again either. Servers of both releases go on serving."""


@dataclass(frozen=True, slots=True)
class Deploy:
    """`release` is the new release. `surge` new containers start at once, and `batch` of them take over at once.
    `reason` says why the deploy failed. `pull`: the registry is asked for the image, also where the engine has one of
    its name. `anew`: servers are rolled also where the release turns out to be the one that they have."""

    release: Release
    surge: int
    batch: int
    stage: Stage = Stage.ROLLING
    reason: str = ""
    pull: bool = False
    anew: bool = True

    @property
    def is_active(self) -> bool:
        return self.stage in (Stage.PULLING, Stage.ROLLING, Stage.ROLLING_BACK)

    @property
    def is_pulling(self) -> bool:
        return self.stage is Stage.PULLING
