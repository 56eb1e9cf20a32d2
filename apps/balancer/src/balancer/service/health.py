"""The balancer's health in one report."""

from __future__ import annotations

from typing import TypedDict

from balancer.service.desired import DesiredFleet
from balancer.service.problems import Problems


class Report(TypedDict):
    """`N` servers serve of the `target` to keep alive; `ailments`: the problems, part → reason; `ring`: the
    slot table's digest."""

    ready: bool
    N: int
    target: int
    replicas: list[str]
    ring: str
    ailments: dict[str, str]


class Health:
    def __init__(self, *, desired: DesiredFleet, problems: Problems) -> None:
        self._desired = desired
        self._problems = problems

    def report(self) -> Report:
        fleet = self._desired.fleet
        problems = self._problems.by_part
        replicas = list(fleet.replicas)
        return Report(
            ready=self._desired.obeyed and not problems and len(replicas) == fleet.target,
            N=len(replicas),
            target=fleet.target,
            replicas=replicas,
            ring=fleet.table.digest(),
            ailments=problems,
        )
