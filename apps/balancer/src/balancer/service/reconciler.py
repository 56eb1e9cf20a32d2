"""The level-triggered step: whatever happened, the same step follows, and it makes up for all that was missed."""

from __future__ import annotations

from balancer.core.errors import EngineUnavailable, PlaneUnavailable, StateUnavailable
from balancer.service.desired import DesiredFleet
from balancer.service.executor import Executor
from balancer.service.problems import Part, Problems
from balancer.service.restorer import Restorer
from balancer.service.slow_start import SlowStart


class Reconciler:
    def __init__(
        self,
        *,
        desired: DesiredFleet,
        restorer: Restorer,
        executor: Executor,
        slow_start: SlowStart,
        problems: Problems,
    ) -> None:
        self._desired = desired
        self._restorer = restorer
        self._executor = executor
        self._slow_start = slow_start
        self._problems = problems

    def step(self) -> None:
        """Restores the fleet after a start; then observes, decides and acts. A part that is unavailable is reported as
        a problem, and the next step tries again."""
        with self._problems.watch(Part.STATE, StateUnavailable):
            if not self._desired.restored:
                with self._problems.watch(Part.ENGINE, EngineUnavailable):
                    self._restorer.restore()
            if self._desired.restored:
                self._executor.step()
                self._slow_start.step()
                if self._problems.has(Part.RING):
                    self._restorer.obey_settings()
        if self._desired.restored:
            with self._problems.watch(Part.PLANE, PlaneUnavailable):
                self._desired.synchronise()
