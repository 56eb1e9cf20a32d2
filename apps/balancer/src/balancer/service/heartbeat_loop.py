"""The heartbeat loop: it sends heartbeats when they are due, and calls for a step where a server is silent or back."""

from __future__ import annotations

import threading

from balancer.core.lifecycle import State
from balancer.core.plan import READY
from balancer.ports.clock import Clock
from balancer.service.desired import DesiredFleet
from balancer.service.heartbeats import Heartbeats

WATCHED = (*READY, State.LEAVING)
"""The states of the servers that get heartbeats."""

_LONGEST_WAIT = 1.0
"""The longest time, in seconds, that one round waits for results, so that a stop does not wait longer."""


class HeartbeatLoop:
    """`interval`: seconds between two heartbeats of a server. `wake` is set when there is news of a silent server."""

    def __init__(
        self,
        *,
        heartbeats: Heartbeats,
        desired: DesiredFleet,
        clock: Clock,
        interval: float,
        wake: threading.Event,
    ) -> None:
        self._heartbeats = heartbeats
        self._desired = desired
        self._clock = clock
        self._interval = interval
        self._wake = wake
        self._next = clock.now()

    def round(self) -> float:
        """Sends heartbeats when they are due, and listens for results until the next ones are due."""
        now = self._clock.now()
        if now >= self._next:
            self._next = now + self._interval
            fleet = self._desired.fleet
            self._heartbeats.send(fleet.of(*WATCHED), fleet.heartbeat_of)
        until_next = self._next - self._clock.now()
        if self._heartbeats.listen(within=min(_LONGEST_WAIT, max(0.0, until_next))):
            self._wake.set()
        return 0.0
