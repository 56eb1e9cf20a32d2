"""The autoscaler: it readings the load, lets the core decide N, and adds or removes servers as a user does."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from balancer.core.autoscale import Decision, ScalingPolicy, Window, decide
from balancer.core.backoff import Backoff
from balancer.core.errors import Busy, PlaneUnavailable, RingmasterError
from balancer.core.event import EventKind
from balancer.core.fleet_change import FleetChange
from balancer.ports.clock import Clock
from balancer.ports.data_plane import DataPlane
from balancer.service.desired import DesiredFleet
from balancer.service.event_log import EventLog
from balancer.service.fleet_service import FleetService

_log = logging.getLogger(__name__)

_INTERVAL = 0.5
"""Seconds between two readings of the load."""
_REASON = "the load"
"""The reason in the events of the servers that join and leave. The events of the kind `scale` say more."""


class Autoscaler:
    """Changes N in its own thread, one change after another: a change takes seconds, and measuring goes on meanwhile.
    `may_change` returns whether N may be changed now."""

    def __init__(
        self,
        *,
        policy: ScalingPolicy,
        plane: DataPlane,
        desired: DesiredFleet,
        service: FleetService,
        events: EventLog,
        clock: Clock,
        may_change: Callable[[], bool],
    ) -> None:
        self._policy = policy
        self._plane = plane
        self._desired = desired
        self._service = service
        self._events = events
        self._clock = clock
        self._may_change = may_change
        self._window = Window()
        self._servers = 0
        self._backoff = Backoff()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="scale")
        self._task: Future[None] | None = None

    @property
    def is_changing(self) -> bool:
        return self._task is not None and not self._task.done()

    def round(self) -> float:
        self.measure()
        return _INTERVAL

    def measure(self) -> None:
        """Takes one reading of the load, and begins a change of N where the core decides one.

        A reading counts only for the N at which it was taken. All readings are forgotten when N has changed, when N
        must not be changed now, and when the plane does not answer.
        """
        servers = self._desired.fleet.target
        if servers != self._servers or not self._may_change():
            self._window, self._servers = Window(), servers
        try:
            self._window = self._window.with_reading(self._policy, self._clock.now(), self._plane.load())
        except PlaneUnavailable:
            self._window = Window()
        if self.is_changing or not self._backoff.may_start(self._clock.now()):
            return
        if decision := decide(self._policy, servers, self._window):
            self._window = Window()
            self._task = self._thread.submit(self._act, decision)
            self._task.add_done_callback(_tell_unforeseen)

    def _act(self, decision: Decision) -> None:
        began = self._clock.now()
        try:
            self._carry_out(decision)
        except RingmasterError as error:
            self._backoff = self._backoff.failed(self._clock.now())
            self._record(decision, began, refused=str(error), wanted=decision.after)
        else:
            self._backoff = Backoff()
            self._record(decision, began)

    def _carry_out(self, decision: Decision) -> None:
        """Adds or removes servers. The servers that joined last leave first: old servers have warm caches, and slots
        that moved to new servers go back to their earlier owners. Raises RingmasterError."""
        more = decision.after - decision.before

        def check() -> None:
            if not self._may_change() or self._desired.fleet.target != decision.before:
                raise Busy(f"somebody else changed the fleet of {decision.before} meanwhile, or is at it")

        if more > 0:
            self._service.add(FleetChange(more), reason=_REASON, check=check, is_own=True)
        else:
            self._service.remove(
                FleetChange(-more, self._desired.fleet.replicas[more:]), reason=_REASON, check=check, is_own=True
            )

    def _record(self, decision: Decision, began: float, **facts: Any) -> None:
        self._events.record(
            EventKind.SCALE,
            reason=decision.reason,
            seconds=self._clock.now() - began,
            before=decision.before,
            after=decision.before if facts else decision.after,
            **facts,
        )


def _tell_unforeseen(task: Future[None]) -> None:
    if error := task.exception():
        _log.error("unforeseen", exc_info=error)
