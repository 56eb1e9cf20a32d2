"""Restores the fleet after a start: the saved fleet, else that of the labelled containers, else a new one.

Nothing is removed here.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import replace

from balancer.core import roll
from balancer.core.errors import InvalidRequest, NewerState, StateUnavailable
from balancer.core.event import EventKind
from balancer.core.fleet import Fleet, Server
from balancer.core.fleet_settings import FleetSettings
from balancer.core.lifecycle import State
from balancer.core.plan import Observed
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
        """Sets the desired fleet. Raises StateUnavailable, and EngineUnavailable where no saved fleet can be read.
        After NewerState the saved fleet is as it was; the next call reads it again."""
        source = "the saved fleet"
        if not self._load():
            observed = self._runtime.observe()
            source = "the containers that run" if observed else "the settings: a new deployment"
            self._desired.change(lambda fleet: self._found(observed.values()) if observed else self._new())
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
        except NewerState:
            raise
        except StateUnavailable as error:
            _log.error("state lost, taking up the containers that run", extra={"reason": str(error)})
            return False

    def _new(self) -> Fleet:
        return Fleet.first(self._settings.initial, self._settings.profile, self._settings.release)

    def _found(self, observed: Collection[Observed]) -> Fleet:
        """The fleet of these containers, in the order of their ring ids. A roll may have left two containers of one
        server. Then the running one serves; of two running ones, the one whose container name is the hostname; else the
        newer one. The other one is leaving."""
        by_ring_id: Mapping[int, list[Observed]] = _grouped(observed)
        servers: list[Server] = []
        for ring_id in sorted(by_ring_id):
            first, *others = sorted(by_ring_id[ring_id], key=_precedence)
            servers.append(_server(first, State.SPARE if _is_spare(first) else State.SERVING))
            servers += [_server(other, State.LEAVING) for other in others]
        release = replace(self._settings.release, number=max(server.release for server in servers))
        fleet = Fleet.empty(self._settings.profile, release)
        return replace(
            fleet,
            servers=tuple(servers),
            target=sum(server.state is State.SERVING for server in servers),
            next_ring_id=max(by_ring_id) + 1,
        ).placed()


def _grouped(observed: Collection[Observed]) -> dict[int, list[Observed]]:
    groups: dict[int, list[Observed]] = {}
    for container in observed:
        groups.setdefault(container.ring_id, []).append(container)
    return groups


def _server(container: Observed, state: State) -> Server:
    hostname, _, rolled = container.instance.partition(".")
    return Server(hostname, container.ring_id, state, container.address, release=container.release, rolled=bool(rolled))


def _is_spare(container: Observed) -> bool:
    return container.container.endswith(".spare")


def _precedence(container: Observed) -> tuple[bool, bool, int]:
    is_settled = (container.container or container.instance) == container.instance.partition(".")[0]
    return not container.running, not is_settled, -container.release
