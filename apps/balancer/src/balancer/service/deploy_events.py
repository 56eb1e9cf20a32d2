"""The events of a deploy: each tells its stage and its release."""

from __future__ import annotations

from typing import Any

from balancer.core.event import EventKind
from balancer.core.fleet import Fleet
from balancer.service.event_log import EventLog


def record_stage(
    events: EventLog, fleet: Fleet, *, reason: str = "", seconds: float | None = None, **facts: Any
) -> None:
    """Records the present stage of the fleet's deploy, where it has one. `reason`: where the deploy itself has none."""
    deploy = fleet.deploy
    if deploy is not None:
        events.record(
            EventKind.DEPLOY,
            reason=deploy.reason or reason,
            seconds=seconds,
            stage=deploy.stage,
            release=deploy.release.number,
            image=deploy.release.image,
            **facts,
        )
