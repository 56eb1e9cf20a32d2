"""The ring service, for the ring API: state of the ring, server of a key, previews, changes of profile and weight."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from balancer.core import explanation
from balancer.core.catalogue import Catalogue
from balancer.core.document import printable
from balancer.core.errors import InvalidRequest, PlaneUnavailable, RingFull, UnknownServer
from balancer.core.event import EventKind
from balancer.core.explanation import Explanation
from balancer.core.fleet import Fleet
from balancer.core.lifecycle import State
from balancer.core.prediction import Expectation, expectations
from balancer.core.preview import Preview, PreviewRequest, preview
from balancer.core.ring_profile import RingProfile
from balancer.core.traffic import NOTHING_COUNTED, KeyCounts
from balancer.ports.data_plane import DataPlane
from balancer.ports.traffic import Traffic
from balancer.service.change_queue import ChangeQueue
from balancer.service.desired import DesiredFleet
from balancer.service.event_log import EventLog
from balancer.service.nodes import Nodes


@dataclass(frozen=True, slots=True)
class Ring:
    """`servers`: the servers of all states, with their present expectations. `keyless`: the number of keyless requests;
    None where the plane does not answer. `in_step`: whether the plane obeys this ring. `nodes`: instance → its node,
    empty where that is not known."""

    fleet: Fleet
    servers: tuple[Expectation, ...]
    keyless: int | None
    in_step: bool
    nodes: Mapping[str, str]


class RingService:
    """`configured`: the settings' ring profile. `slow_start`: whether slow start is on. `max_servers`: the most servers
    of a preview."""

    def __init__(
        self,
        *,
        desired: DesiredFleet,
        plane: DataPlane,
        traffic: Traffic,
        catalogue: Catalogue,
        queue: ChangeQueue,
        events: EventLog,
        nodes: Nodes,
        configured: RingProfile,
        slow_start: bool,
        max_servers: int,
    ) -> None:
        self._desired = desired
        self._plane = plane
        self._traffic = traffic
        self._catalogue = catalogue
        self._queue = queue
        self._events = events
        self._nodes = nodes
        self._configured = configured
        self._slow_start = slow_start
        self._max_servers = max_servers

    @property
    def fleet(self) -> Fleet:
        return self._desired.fleet

    def ring(self) -> Ring:
        return self._ring(self._desired.fleet)

    def _ring(self, fleet: Fleet) -> Ring:
        """The first call for a request hash and M takes about a second. It holds no lock, so no other caller waits."""
        serving = frozenset(server.ring_id for server in fleet.of(State.SERVING))
        expected = expectations(fleet, fleet.table.among(serving))
        nodes = {server.instance: self._nodes.of(server.instance) for server in fleet.servers}
        try:
            return Ring(fleet, expected, self._plane.keyless(), self._desired.is_published(), nodes)
        except PlaneUnavailable:
            return Ring(fleet, expected, None, in_step=False, nodes=nodes)

    def lookup(self, key: bytes) -> Explanation:
        """The explanation of a key. Raises InvalidRequest for an empty key."""
        if not key:
            raise InvalidRequest("key is empty: a request without a key has its random request id for one")
        return explanation.explain(self._desired.fleet, key)

    def preview(self, wanted: PreviewRequest) -> Preview:
        """The preview. Raises InvalidRequest, as the change itself does."""
        fleet = self._desired.fleet
        if wanted.servers is not None and len(wanted.servers) > self._max_servers:
            raise RingFull(f"servers: {len(wanted.servers)} are too many: max_servers is {self._max_servers}")
        profile = fleet.profile if wanted.profile is None else self._profile(wanted.profile)
        return preview(fleet, profile, wanted.servers, self._counted())

    def traffic(self) -> KeyCounts:
        """The keys that were seen. Raises PlaneUnavailable."""
        return self._traffic.keys()

    def _counted(self) -> KeyCounts:
        try:
            return self._traffic.keys()
        except PlaneUnavailable:
            return NOTHING_COUNTED

    def switch(self, document: object) -> Ring:
        """Switches the ring profile; the plane obeys it when this returns. The settings' profile takes effect again
        only when the settings name another one than now.

        Raises InvalidRequest, Busy, TooManyWait, PlaneUnavailable, StateUnavailable. After an error everything is as
        before.
        """
        profile = self._profile(document)
        with self._queue.turn():
            before = self._desired.fleet.profile

            def switched(fleet: Fleet) -> Fleet:
                return replace(fleet.switched(profile), configured=self._configured)

            self._desired.prepare(switched)
            fleet = self._desired.change_and_publish(switched)
        if profile != before:
            self._events.record(EventKind.RING, before=before.document(), profile=profile.document())
        return self._ring(fleet)

    def weigh(self, hostname: str, weight: int) -> Ring:
        """Changes the weight of a serving server; the plane obeys it when this returns.

        Raises UnknownServer, InvalidRequest, Busy, TooManyWait, PlaneUnavailable, StateUnavailable. After an error
        everything is as before.
        """
        with self._queue.turn():
            self._desired.prepare(lambda fleet: fleet.weighed(hostname, weight))
            with self._desired.lock:
                if hostname not in self._desired.fleet.replicas:
                    raise UnknownServer(f"no server named {printable(hostname)} serves")
                fleet = self._desired.change_and_publish(lambda fleet: fleet.weighed(hostname, weight))
        (server,) = fleet.serving([hostname])
        self._events.record(EventKind.WEIGHT, server=hostname, instance=server.instance, weight=weight)
        return self._ring(fleet)

    def _profile(self, document: object) -> RingProfile:
        profile = self._catalogue.profile(document)
        if self._slow_start and not profile.strategy.weighted:
            raise InvalidRequest(
                f"strategy: {profile.strategy.name} knows no weights, which slow start needs; choose another one"
            )
        return profile
