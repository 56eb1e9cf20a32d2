"""The status report, for metrics. It is cheap, takes no lock, and never waits for the engine."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from balancer.core.errors import PlaneUnavailable
from balancer.core.fleet import Fleet
from balancer.core.lifecycle import State
from balancer.core.prediction import Expectation, expectations
from balancer.core.server_load import LoadReport
from balancer.core.status import Status
from balancer.ports.data_plane import DataPlane
from balancer.ports.edge_metrics import EdgeMetrics
from balancer.service.certificate_watch import CertificateWatch
from balancer.service.desired import DesiredFleet
from balancer.service.edge_watch import EdgeWatch
from balancer.service.health import Health
from balancer.service.problems import Part, Problems


class StatusReport:
    """`edge`: None in the data plane flask. `load` returns the load of the servers. `spares`: how many are kept."""

    def __init__(
        self,
        *,
        desired: DesiredFleet,
        plane: DataPlane,
        edge: EdgeMetrics | None,
        edges: EdgeWatch,
        health: Health,
        problems: Problems,
        watch: CertificateWatch,
        load: Callable[[], LoadReport],
        spares: int,
        has_autoscaler: bool,
    ) -> None:
        self._desired = desired
        self._plane = plane
        self._edge = edge
        self._edges = edges
        self._health = health
        self._problems = problems
        self._watch = watch
        self._load = load
        self._spares = spares
        self._has_autoscaler = has_autoscaler
        self._expected: tuple[Fleet, tuple[Expectation, ...]] | None = None

    def status(self) -> Status:
        """The status now. What the data plane does not tell is None."""
        fleet = self._desired.fleet
        edges = tuple(self._edges.edges)
        keyless = old_processes = None
        with suppress(PlaneUnavailable):
            keyless = self._plane.keyless()
        with suppress(PlaneUnavailable):
            old_processes = self._edge.old_processes() if self._edge else 0
        return Status(
            fleet=fleet,
            spares_wanted=self._spares,
            expectations=self._expectations(fleet),
            load=self._load(),
            problems={str(part): self._problems.has(part) for part in Part},
            certificates=self._watch.certificates,
            is_ready=self._health.is_ready,
            in_sync=self._desired.in_sync,
            keyless=keyless,
            edges=(
                sum(edge.is_leased and edge.is_serving for edge in edges)
                if edges
                else int(self._edge is not None and keyless is not None)
            ),
            edges_of_nodes=edges,
            old_processes=old_processes,
            has_autoscaler=self._has_autoscaler,
        )

    def _expectations(self, fleet: Fleet) -> tuple[Expectation, ...]:
        """The servers' expectations, made once for each fleet: those of a large ring cost milliseconds."""
        if self._expected is None or self._expected[0] is not fleet:
            serving = frozenset(server.ring_id for server in fleet.of(State.SERVING))
            self._expected = fleet, expectations(fleet, fleet.table.among(serving))
        return self._expected[1]
