"""Slow start: a new server's weight grows step by step, so that its caches and pools warm up on part of its traffic."""

from __future__ import annotations

from balancer.core.fleet import WARM, Fleet
from balancer.core.lifecycle import State
from balancer.ports.chance import Clock


class SlowStart:
    """`seconds` from joining to the whole weight; 0: at once. Who was on its way when the balancer died begins the
    time again, not the ramp."""

    def __init__(self, *, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._seconds = seconds
        self._since: dict[int, float] = {}

    @property
    def first_ramp(self) -> int:
        """What a new server begins with."""
        return 1 if self._seconds else WARM

    def due(self, fleet: Fleet) -> dict[int, int]:
        """ring id → ramp of the servers that may bear more now than they do."""
        now = self._clock.now()
        cold = {server.ring_id: server.ramp for server in fleet.of(State.SERVING) if server.ramp < WARM}
        self._since = {ring_id: self._since.get(ring_id, now) for ring_id in cold}
        ramps = {ring_id: self._ramp(now - self._since[ring_id]) for ring_id in cold}
        return {ring_id: ramp for ring_id, ramp in ramps.items() if ramp > cold[ring_id]}

    def _ramp(self, elapsed: float) -> int:
        return min(WARM, 1 + int((WARM - 1) * elapsed / self._seconds)) if self._seconds else WARM
