"""The health of the balancer, as one report for /healthz and /readyz."""

from __future__ import annotations

from typing import TypedDict

from balancer.core.lifecycle import State
from balancer.service.desired import DesiredFleet
from balancer.service.problems import Problems


class Report(TypedDict):
    """`N`: the number of servers that serve. `target`: the number to keep alive. `ring`: the slot table's digest.
    `silent`: those of the replicas that miss their heartbeats and get no new requests. `ailments`: the problems,
    part → reason."""

    ready: bool
    N: int
    target: int
    replicas: list[str]
    silent: list[str]
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
            silent=[server.hostname for server in fleet.of(State.SILENT)],
            ring=fleet.table.digest(),
            ailments=problems,
        )
