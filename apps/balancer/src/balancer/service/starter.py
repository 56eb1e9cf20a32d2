"""The starter starts servers in the background: first fleet, replacements, spares. The plan decides how many."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection

from balancer.core.errors import (
    EngineUnavailable,
    ImageMissing,
    InvalidRequest,
    NameTaken,
    PlaneUnavailable,
    StartFailed,
    StateUnavailable,
    Superseded,
)
from balancer.core.event import EventKind
from balancer.core.fleet import Fleet, Server
from balancer.core.hostnames import generate
from balancer.core.lifecycle import State
from balancer.core.release import Release
from balancer.ports.clock import Clock
from balancer.ports.randomness import Randomness
from balancer.service.desired import DesiredFleet
from balancer.service.event_log import EventLog
from balancer.service.failures import Failures
from balancer.service.problems import Part, Problems
from balancer.service.release_image import ReleaseImage
from balancer.service.server_workers import ServerWorkers

_log = logging.getLogger(__name__)


class Starter:
    """`ramp`: the first ramp of a server that joins after the first fleet. `on_end` is called when a start has ended,
    because another step may be needed."""

    def __init__(
        self,
        *,
        desired: DesiredFleet,
        workers: ServerWorkers,
        failures: Failures,
        image: ReleaseImage,
        problems: Problems,
        events: EventLog,
        randomness: Randomness,
        clock: Clock,
        ramp: int,
        on_end: Callable[[], None],
    ) -> None:
        self.ramp = ramp
        self._desired = desired
        self._workers = workers
        self._failures = failures
        self._image = image
        self._problems = problems
        self._events = events
        self._randomness = randomness
        self._clock = clock
        self._on_end = on_end
        self._starting: set[str] = set()
        self._release = 0

    @property
    def starting(self) -> int:
        """The number of servers that are being started."""
        return len(self._starting)

    def promoted(self, before: Fleet, spares: Collection[str]) -> None:
        """Records that the spares have taken the places of servers that were down in the fleet `before`."""
        fleet = self._desired.fleet
        self._failures.joined([fleet.server(spare) for spare in spares], fleet)
        self._record(before, fleet, spares, EventKind.PROMOTED)

    def start(self, count: int) -> None:
        """Begins to start `count` servers, or the whole first fleet. Starts nothing while the image of the release is
        not there, or early failures make starts wait."""
        release = self._desired.fleet.release.number
        if release != self._release:
            self._release = release
            self._failures.forget_early_ones()
        if not self._failures.may_start or not self._image.is_ready:
            return
        if self._desired.fleet.is_first:
            self._start_first()
        else:
            for _ in range(count):
                self._start_one()

    def _start_first(self) -> None:
        """Begins to start all servers of the first fleet. Where a start fails, a later call starts all of them again,
        with the same hostnames and ring ids."""
        if not self._starting:
            fleet = self._desired.fleet
            self._begin(fleet.servers, fleet.release)

    def _start_one(self) -> None:
        with self._desired.lock:
            fleet = self._desired.fleet
            taken = {*(server.hostname for server in fleet.servers), *self._workers.claims.instances}
            hostname = generate(taken, self._randomness.choice)
            fleet = self._desired.change(lambda fleet: fleet.begin_join([hostname]))
        self._begin([fleet.server(hostname)], fleet.release)

    def _begin(self, servers: Collection[Server], release: Release) -> None:
        instances = [server.instance for server in servers]
        self._starting.update(instances)
        self._workers.run(instances, lambda: self._bring_up(servers, release))

    def _bring_up(self, servers: Collection[Server], release: Release) -> None:
        """Starts joining servers and makes them serve, or spares. Where that fails, they are killed, and a later step
        abandons or retries them. A balancer that was superseded leaves them to the other one."""
        began = self._clock.now()
        instances = [server.instance for server in servers]
        try:
            addresses = self._workers.bring_up(servers, release)

            def filled(fleet: Fleet) -> Fleet:
                return fleet.fill(addresses) if fleet.is_first else fleet.fill(addresses, ramp=self.ramp)

            self._desired.prepare(filled)
            with self._desired.lock:
                before = self._desired.fleet
                fleet = self._desired.change(filled)
                with self._problems.watch(Part.PLANE, PlaneUnavailable):
                    self._desired.publish()
                self._failures.joined([fleet.server(instance) for instance in instances], fleet)
                self._record(before, fleet, instances, EventKind.JOINED, seconds=self._clock.now() - began)
        except Superseded as error:
            _log.warning("start given up", extra={"servers": sorted(instances), "reason": str(error)})
        except (StartFailed, NameTaken, EngineUnavailable, StateUnavailable, InvalidRequest) as error:
            if isinstance(error, ImageMissing):
                self._image.lost(release)
            self._problems.report(Part.FLEET, str(error))
            with self._desired.lock:
                self._failures.start_failed()
            _log.warning("start failed", extra={"reason": str(error), "pause": self._failures.delay})
            self._workers.kill(instances)
        finally:
            self._starting.difference_update(instances)
            self._on_end()

    def _record(
        self, before: Fleet, fleet: Fleet, newcomers: Collection[str], kind: EventKind, *, seconds: float | None = None
    ) -> None:
        """Records the events of the servers that came, and of the servers that they replaced."""
        for instance in newcomers:
            server = fleet.server(instance)
            self._events.record(
                kind if server.state is State.SERVING else EventKind.SPARE,
                server=server.hostname,
                instance=instance,
                seconds=seconds,
            )
        self._failures.replaced(before, fleet)
