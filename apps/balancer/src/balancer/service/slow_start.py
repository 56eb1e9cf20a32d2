"""Slow start: the ramp of a new server grows, so that its caches and pools warm up with a part of its traffic."""

from __future__ import annotations

from balancer.core.errors import PlaneUnavailable, StateUnavailable
from balancer.core.fleet import COUNTED, WARM, Fleet
from balancer.ports.clock import Clock
from balancer.service.desired import DesiredFleet
from balancer.service.problems import Part, Problems

_INTERVAL = 0.5
"""Seconds between two looks for ramps that are due."""


def first_ramp(seconds: float) -> int:
    """The first ramp of a new server. `seconds`: the time that slow start takes; 0 for none."""
    return 1 if seconds else WARM


class SlowStart:
    """`seconds`: the time from joining to the whole weight; 0 for the whole weight at once. After a restart of the
    balancer the time begins again, but the ramp of a server does not go back."""

    def __init__(self, *, desired: DesiredFleet, problems: Problems, clock: Clock, seconds: float) -> None:
        self._desired = desired
        self._problems = problems
        self._clock = clock
        self._seconds = seconds
        self._since: dict[int, float] = {}

    def round(self) -> float:
        if self._desired.restored:
            self.raise_ramps()
        return _INTERVAL

    def raise_ramps(self) -> None:
        """Raises the ramps that are due, and publishes them. What cannot be saved now is raised at a later call."""
        if not self._due(self._desired.fleet):
            return
        self._desired.prepare(lambda fleet: fleet.with_ramps(self._due(fleet)))
        with self._desired.lock:
            ramps = self._due(self._desired.fleet)
            if not ramps:
                return
            with self._problems.watch(Part.STATE, StateUnavailable):
                self._desired.change(lambda fleet: fleet.with_ramps(ramps))
                with self._problems.watch(Part.PLANE, PlaneUnavailable):
                    self._desired.publish()

    def _due(self, fleet: Fleet) -> dict[int, int]:
        """ring id → new ramp, for the servers whose ramp is due to grow. The time of a silent server goes on: where it
        began again with each silence, a server that is often busy would never come to its whole weight."""
        now = self._clock.now()
        cold = {server.ring_id: server.ramp for server in fleet.of(*COUNTED) if server.ramp < WARM}
        self._since = {ring_id: self._since.get(ring_id, now) for ring_id in cold}
        ramps = {ring_id: self._ramp(now - self._since[ring_id]) for ring_id in cold}
        return {ring_id: ramp for ring_id, ramp in ramps.items() if ramp > cold[ring_id]}

    def _ramp(self, elapsed: float) -> int:
        return min(WARM, 1 + int((WARM - 1) * elapsed / self._seconds)) if self._seconds else WARM
