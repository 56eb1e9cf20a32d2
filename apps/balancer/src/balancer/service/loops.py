"""The balancer's threads: one steps, one beats, one listens to the engine. Started and stopped, never at import."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from balancer.core.errors import RingmasterError
from balancer.core.event import Kind
from balancer.core.lifecycle import State
from balancer.ports.chance import Clock
from balancer.ports.runtime import ContainerRuntime
from balancer.service.autoscaler import Autoscaler
from balancer.service.desired import DesiredFleet
from balancer.service.events import Events
from balancer.service.heartbeats import Heartbeats
from balancer.service.reconciler import Reconciler
from balancer.service.rollout import Rollout

_log = logging.getLogger(__name__)

_RESYNC = 1.0
"""Seconds between two steps when nothing calls for one."""
_ROLL_PAUSE = 0.1
"""Seconds between two looks for a deploy to carry out."""
_SCALE_PAUSE = 0.5
"""Seconds between two looks at the load."""
_SECOND_LOOK = 0.05
"""Seconds until the step after one that an event called for, doubling up to _RESYNC: the engine announces some changes
a moment before its list of containers shows them."""


class Loops:
    """`wake` asks for a step at once. `interval`: seconds between heartbeats. Without an `autoscaler` N moves only as
    users wish."""

    def __init__(
        self,
        *,
        wake: threading.Event,
        reconciler: Reconciler,
        rollout: Rollout,
        heartbeats: Heartbeats,
        desired: DesiredFleet,
        runtime: ContainerRuntime,
        clock: Clock,
        events: Events,
        interval: float,
        autoscaler: Autoscaler | None = None,
    ) -> None:
        self._wake = wake
        self._reconciler = reconciler
        self._rollout = rollout
        self._heartbeats = heartbeats
        self._desired = desired
        self._runtime = runtime
        self._clock = clock
        self._events = events
        self._interval = interval
        self._autoscaler = autoscaler
        self._pause = _SECOND_LOOK
        self._next_beat = clock.now()
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        scale = (self._scale,) if self._autoscaler else ()
        for loop in (self._step, self._beat, self._listen, self._roll, *scale):
            thread = threading.Thread(target=self._forever, args=(loop,), name=loop.__name__.strip("_"), daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        """Lets the running step end; the listener, which waits for the engine, ends with the process."""
        self._stopped.set()
        self._wake.set()
        for thread in self._threads[:2]:
            thread.join(timeout=5)

    def _forever(self, loop: Callable[[], None]) -> None:
        """A defect in one round is logged with its trace and does not end the loop."""
        while not self._stopped.is_set():
            try:
                loop()
            except RingmasterError as error:
                _log.warning("%s interrupted", loop.__name__.strip("_"), extra={"reason": str(error)})
                self._stopped.wait(_RESYNC)
            except Exception:
                _log.exception("unforeseen")
                self._stopped.wait(_RESYNC)

    def _step(self) -> None:
        self._reconciler.step()
        woken = self._wake.wait(self._pause)
        self._wake.clear()
        self._pause = _SECOND_LOOK if woken else min(_RESYNC, 2 * self._pause)

    def _beat(self) -> None:
        """Sends when it is time to, and takes in what comes until the next time."""
        now = self._clock.now()
        if now >= self._next_beat:
            self._next_beat = now + self._interval
            self._heartbeats.send(self._desired.fleet.of(State.SERVING, State.SPARE))
        until_next = self._next_beat - self._clock.now()
        suspects = self._heartbeats.listen(within=min(_RESYNC, max(0.0, until_next)))
        if suspects:
            self._wake.set()
        for server in self._desired.fleet.servers:
            if server.identity in suspects:
                self._events.record(Kind.SUSPECTED, server=server.name, reason="it missed its heartbeats")

    def _roll(self) -> None:
        if not self._rollout.step():
            self._stopped.wait(_ROLL_PAUSE)

    def _scale(self) -> None:
        if self._autoscaler:
            self._autoscaler.look()
        self._stopped.wait(_SCALE_PAUSE)

    def _listen(self) -> None:
        for change in self._runtime.changes():
            _log.debug("engine event", extra={"event": change})
            self._wake.set()
            if self._stopped.is_set():
                return
