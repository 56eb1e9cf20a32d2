"""The heartbeat loop: it sends heartbeats when they are due, and calls for a step when a server becomes a suspect."""

from __future__ import annotations

import threading

from balancer.core.event import EventKind
from balancer.core.lifecycle import State
from balancer.ports.clock import Clock
from balancer.service.desired import DesiredFleet
from balancer.service.event_log import EventLog
from balancer.service.heartbeats import Heartbeats

_LONGEST_WAIT = 1.0
"""The longest time, in seconds, that one round waits for results, so that a stop does not wait longer."""


class HeartbeatLoop:
    """`interval`: seconds between two heartbeats of a server. `wake` is set when servers become suspects."""

    def __init__(
        self,
        *,
        heartbeats: Heartbeats,
        desired: DesiredFleet,
        clock: Clock,
        events: EventLog,
        interval: float,
        wake: threading.Event,
    ) -> None:
        self._heartbeats = heartbeats
        self._desired = desired
        self._clock = clock
        self._events = events
        self._interval = interval
        self._wake = wake
        self._next = clock.now()

    def round(self) -> float:
        """Sends heartbeats when they are due, and listens for results until the next ones are due."""
        now = self._clock.now()
        if now >= self._next:
            self._next = now + self._interval
            fleet = self._desired.fleet
            self._heartbeats.send(fleet.of(State.SERVING, State.SPARE), fleet.heartbeat_of)
        until_next = self._next - self._clock.now()
        suspects = self._heartbeats.listen(within=min(_LONGEST_WAIT, max(0.0, until_next)))
        if suspects:
            self._wake.set()
        for server in self._desired.fleet.servers:
            if server.identity in suspects:
                self._events.record(EventKind.SUSPECTED, server=server.hostname, reason="it missed its heartbeats")
        return 0.0
