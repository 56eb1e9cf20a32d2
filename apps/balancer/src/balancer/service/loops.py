"""The balancer's threads: one steps, one beats, one listens to the engine. Started and stopped, never at import."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from balancer.core.errors import RingmasterError
from balancer.core.lifecycle import State
from balancer.ports.chance import Clock
from balancer.ports.runtime import ContainerRuntime
from balancer.service.desired import DesiredFleet
from balancer.service.heartbeats import Heartbeats
from balancer.service.reconciler import Reconciler

_log = logging.getLogger(__name__)

_RESYNC = 1.0
"""Seconds between two steps when nothing calls for one."""
_SECOND_LOOK = 0.05
"""Seconds until the step after one that an event called for, doubling up to _RESYNC: the engine announces a death a
moment before its list of containers shows it."""


class Loops:
    """`wake` asks for a step at once. `interval`: seconds between heartbeats."""

    def __init__(
        self,
        *,
        wake: threading.Event,
        reconciler: Reconciler,
        heartbeats: Heartbeats,
        desired: DesiredFleet,
        runtime: ContainerRuntime,
        clock: Clock,
        interval: float,
    ) -> None:
        self._wake = wake
        self._reconciler = reconciler
        self._heartbeats = heartbeats
        self._desired = desired
        self._runtime = runtime
        self._clock = clock
        self._interval = interval
        self._pause = _SECOND_LOOK
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        for loop in (self._step, self._beat, self._listen):
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
        began = self._clock.now()
        fleet = self._desired.fleet
        if self._heartbeats.beat(server for server in fleet.servers if server.state is State.SERVING):
            self._wake.set()
        self._stopped.wait(max(0.0, self._interval - (self._clock.now() - began)))

    def _listen(self) -> None:
        for change in self._runtime.changes():
            _log.debug("engine event", extra={"event": change})
            self._wake.set()
            if self._stopped.is_set():
                return
