"""The health of the balancer, as one report for /healthz and /readyz."""

from __future__ import annotations

from typing import TypedDict

from balancer.core.lifecycle import State
from balancer.core.remedies import remedies
from balancer.service.certificate_watch import CertificateWatch, shown
from balancer.service.desired import DesiredFleet
from balancer.service.problems import Problems


class CertificateReport(TypedDict):
    """`file`: its name in the folder. `names`: the hosts it is for. `expires`: as ISO 8601."""

    file: str
    names: list[str]
    expires: str


class Report(TypedDict):
    """`N`: the number of servers that serve. `target`: the number to keep alive. `ring`: the slot table's digest.
    `silent`: those of the replicas that miss their heartbeats and get no new requests. `ailments`: the problems,
    part → reason. `remedies`: what mends them, part → command or sentence. `certificates`: those that clients are
    shown."""

    ready: bool
    N: int
    target: int
    replicas: list[str]
    silent: list[str]
    ring: str
    ailments: dict[str, str]
    remedies: dict[str, str]
    certificates: list[CertificateReport]


class Health:
    """`name_prefix`: what stands before the names of the deployment's containers."""

    def __init__(
        self,
        *,
        desired: DesiredFleet,
        problems: Problems,
        watch: CertificateWatch,
        name_prefix: str,
        has_one_host: bool,
    ) -> None:
        self._desired = desired
        self._problems = problems
        self._watch = watch
        self._name_prefix = name_prefix
        self._has_one_host = has_one_host

    @property
    def is_ready(self) -> bool:
        """Whether N servers serve, the data plane obeys, and nothing ails."""
        fleet = self._desired.fleet
        return self._desired.obeyed and self._problems.are_harmless and len(fleet.replicas) == fleet.target

    def report(self) -> Report:
        fleet = self._desired.fleet
        replicas = list(fleet.replicas)
        ailments = self._problems.by_part
        return Report(
            ready=self.is_ready,
            N=len(replicas),
            target=fleet.target,
            replicas=replicas,
            silent=[server.hostname for server in fleet.of(State.SILENT)],
            ring=fleet.table.digest(),
            ailments=ailments,
            remedies=remedies(ailments, name_prefix=self._name_prefix, has_one_host=self._has_one_host),
            certificates=[
                CertificateReport(file=item.file, names=list(item.names), expires=shown(item.expires))
                for item in self._watch.certificates
            ],
        )
