"""The reconciler: every call for a step leads to the same step, which looks at everything.

So a missed call costs only time: the next step makes up for it.
"""

from __future__ import annotations

from contextlib import suppress

from balancer.core.errors import EngineUnavailable, PlaneUnavailable, StateUnavailable, Superseded
from balancer.service.desired import DesiredFleet
from balancer.service.plan_executor import PlanExecutor
from balancer.service.problems import Part, Problems
from balancer.service.restorer import Restorer


class Reconciler:
    def __init__(
        self,
        *,
        desired: DesiredFleet,
        restorer: Restorer,
        executor: PlanExecutor,
        problems: Problems,
    ) -> None:
        self._desired = desired
        self._restorer = restorer
        self._executor = executor
        self._problems = problems

    def step(self) -> None:
        """Restores the fleet after a start; then observes, decides and acts. Where a part is unavailable, the step
        reports a problem, and the next step tries again. A balancer that was superseded takes no step: it only goes on
        to say so."""
        with self._problems.watch(Part.STATE, StateUnavailable):
            if not self._desired.restored:
                with self._problems.watch(Part.ENGINE, EngineUnavailable):
                    self._restorer.restore()
            if self._desired.restored:
                self._desired.check()
                self._executor.execute()
                if self._problems.has(Part.RING):
                    self._restorer.obey_settings()
                self._desired.check()  # Another thread may have found out during this step.
        if self._desired.restored:
            with suppress(Superseded), self._problems.watch(Part.PLANE, PlaneUnavailable):
                self._desired.synchronise()
