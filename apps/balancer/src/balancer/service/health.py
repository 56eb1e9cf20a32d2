"""The balancer's health in one report."""

from __future__ import annotations

from typing import TypedDict

from balancer.service.condition import Condition
from balancer.service.desired import DesiredFleet


class Report(TypedDict):
    """`N` servers serve of the `target` to keep alive; `ailments`: part → reason; `ring`: the slot table's digest."""

    ready: bool
    N: int
    target: int
    replicas: list[str]
    ring: str
    ailments: dict[str, str]


class Health:
    def __init__(self, *, desired: DesiredFleet, condition: Condition) -> None:
        self._desired = desired
        self._condition = condition

    def report(self) -> Report:
        fleet = self._desired.fleet
        ailments = self._condition.ailments
        replicas = list(fleet.replicas)
        return Report(
            ready=self._desired.obeyed and not ailments and len(replicas) == fleet.target,
            N=len(replicas),
            target=fleet.target,
            replicas=replicas,
            ring=fleet.table.digest(),
            ailments=ailments,
        )
