"""Restores the fleet after a start: the saved fleet, else that of the labelled containers, else a new one.

Nothing is removed here.
"""

from __future__ import annotations

import logging

from balancer.core import roll
from balancer.core.adoption import adopted
from balancer.core.errors import DamagedState, InvalidRequest
from balancer.core.event import EventKind
from balancer.core.fleet import Fleet
from balancer.core.fleet_settings import FleetSettings
from balancer.ports.runtime import ContainerRuntime
from balancer.service.desired import DesiredFleet
from balancer.service.event_log import EventLog
from balancer.service.problems import Part, Problems

_log = logging.getLogger(__name__)


class Restorer:
    def __init__(
        self,
        *,
        desired: DesiredFleet,
        runtime: ContainerRuntime,
        problems: Problems,
        events: EventLog,
        settings: FleetSettings,
    ) -> None:
        self._desired = desired
        self._runtime = runtime
        self._problems = problems
        self._events = events
        self._settings = settings

    def restore(self) -> None:
        """Sets the desired fleet, and claims it: a balancer from before this one finds out at its next act. Raises
        StateUnavailable, and EngineUnavailable where no saved fleet can be read. After NewerState the saved fleet is as
        it was. After Superseded another balancer was faster. The next call reads it again."""
        source = "the saved fleet"
        if self._load():
            self._desired.claim()
        else:
            observed = self._runtime.observe()
            source = "the containers that run" if observed else "the settings: a new deployment"
            self._desired.change(lambda _: adopted(observed.values(), self._settings) if observed else self._first())
        self.obey_settings()
        self._desired.restored = True
        fleet = self._desired.fleet
        self._events.record(EventKind.RESTORED, reason=source, servers=fleet.replicas, N=fleet.target)

    def obey_settings(self) -> None:
        """Where the settings name another ring profile or release than before, it replaces the saved one: the release
        by a deploy, the profile as soon as it can place the fleet, unless a user switches the profile first."""
        settings = self._settings
        self._desired.change(
            lambda fleet: roll.configured(fleet, settings.release, surge=settings.surge, batch=settings.batch)
        )
        with self._problems.watch(Part.RING, InvalidRequest):
            self._desired.change(lambda fleet: fleet.configured_as(settings.profile).placed())

    def _load(self) -> bool:
        try:
            return self._desired.load()
        except DamagedState as error:
            _log.error("state lost, taking up the containers that run", extra={"reason": str(error)})
            return False

    def _first(self) -> Fleet:
        return Fleet.first(self._settings.initial, self._settings.profile, self._settings.release)
