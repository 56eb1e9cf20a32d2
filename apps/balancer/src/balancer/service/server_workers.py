"""The server workers: threads that start, drain, stop and kill servers, several at once.

Which server is to start or go is decided elsewhere.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, suppress
from threading import BoundedSemaphore

from balancer.core.activity import IDLE
from balancer.core.cause import Cause, cause_of
from balancer.core.errors import EngineUnavailable, PlaneUnavailable, StartFailed, Superseded
from balancer.core.event import EventKind
from balancer.core.fleet import Server
from balancer.core.lost_nodes import LostNodes
from balancer.core.plan import out_of_memory
from balancer.core.redaction import without_secrets
from balancer.core.release import Release
from balancer.core.routes import hostname
from balancer.ports.clock import Clock
from balancer.ports.data_plane import DataPlane
from balancer.ports.probe import Probe
from balancer.ports.runtime import ContainerRuntime
from balancer.service.claims import Claims
from balancer.service.desired import DesiredFleet
from balancer.service.event_log import EventLog
from balancer.service.nodes import Nodes

_log = logging.getLogger(__name__)

_DRAIN_INTERVAL = 0.05
"""Seconds between two checks of what a leaving server has in flight. All of them are checked at the same moments."""
_HEARTBEAT_INTERVAL = 0.02
"""Seconds between two heartbeats of a new server, at first."""
_PATIENCE = 10
"""A new server that has started for long is asked less often: so many times as often as it has started for."""
_LONGEST_HEARTBEAT_INTERVAL = 0.25
STARTS = 8
"""So many containers are started at the same time. An engine gets no further with more of them at once."""
_SHORTEST_LAST_HEARTBEAT = 1.0
"""Seconds that the last heartbeat of a new server has in any case, where its release allows them."""
_OBSERVATION_INTERVAL = 0.5
"""Seconds between two observations of a new server's container. A heartbeat may take longer."""


class ServerWorkers:
    """`start_grace`, `drain_timeout`: in seconds. `cannot_finish(instance)` returns whether a leaving server will never
    finish what it has. `lost` returns the lost nodes: no server becomes ready there. `size`: the number of threads,
    each of which handles one server.

    Before anything begins, and before a drained server is stopped, it is made sure that no other balancer has taken
    over: after that, nothing here starts, stops or kills a server.

    There are two pools, so that no thread waits for its own pool: pieces of work wait for the servers that they handle.
    """

    def __init__(
        self,
        *,
        desired: DesiredFleet,
        runtime: ContainerRuntime,
        plane: DataPlane,
        probe: Probe,
        clock: Clock,
        events: EventLog,
        nodes: Nodes,
        start_grace: float,
        drain_timeout: float,
        cannot_finish: Callable[[str], bool],
        lost: Callable[[], LostNodes],
        size: int,
    ) -> None:
        self.claims = Claims()
        self._desired = desired
        self._runtime = runtime
        self._plane = plane
        self._probe = probe
        self._clock = clock
        self._events = events
        self._nodes = nodes
        self._start_grace = start_grace
        self._drain_timeout = drain_timeout
        self._cannot_finish = cannot_finish
        self._lost = lost
        self._starts = BoundedSemaphore(STARTS)
        self._pool = ThreadPoolExecutor(size, thread_name_prefix="server worker")
        """Each task handles one server. It never waits for another task."""
        self._background = ThreadPoolExecutor(size, thread_name_prefix="background work")

    def run(self, instances: Collection[str], work: Callable[[], None]) -> None:
        """Does the work in the background. The instances are claimed from now until the work has ended. An error of the
        work is logged."""
        claim = ExitStack()
        claim.enter_context(self.claims.hold(instances))

        def ended(task: Future[None]) -> None:
            claim.close()
            error = task.exception()
            if isinstance(error, Superseded):
                _log.warning("work given up", extra={"servers": sorted(instances), "reason": str(error)})
            elif error:
                _log.error("unforeseen", exc_info=error)

        self._background.submit(work).add_done_callback(ended)

    def bring_up(self, servers: Collection[Server], release: Release) -> dict[str, str]:
        """Starts servers at the same time; returns instance → address when all of them answer their heartbeats.

        Raises StartFailed, NameTaken, EngineUnavailable: the first error, when all starts have ended. Raises Superseded
        before any start.
        """
        self._desired.confirm()
        tasks = {server.instance: self._pool.submit(self._bring_up, server, release) for server in servers}
        errors = [error for task in tasks.values() if (error := task.exception())]
        if errors:
            raise errors[0]
        return {instance: task.result() for instance, task in tasks.items()}

    def kill(self, instances: Collection[str]) -> None:
        """Kills and removes containers. Where the engine does not answer, a later step tries again. Raises
        Superseded."""
        self.fence(dict.fromkeys(instances, ""))

    def fence(self, containers: Mapping[str, str]) -> None:
        """Kills and removes exactly these containers: instance → id. An empty id stands for the present container of
        the instance. Where the engine does not answer, a later step tries again. Raises Superseded."""
        self._desired.confirm()
        for task in [self._pool.submit(self._kill, instance, key) for instance, key in containers.items()]:
            task.result()

    def retire(self, instances: Collection[str]) -> None:
        """Retires servers: waits until each has nothing in flight, at most the drain timeout, then stops and removes
        it. One that cannot finish is killed, so that its open requests are answered elsewhere.

        Raises EngineUnavailable, Superseded.
        """
        self._desired.confirm()
        for task in [self._pool.submit(self._retire, instance) for instance in instances]:
            task.result()

    def _bring_up(self, server: Server, release: Release) -> str:
        instance = server.instance
        with self._starts:
            began = self._clock.now()
            self._runtime.start(server, release, avoid=self._lost().unheard)
        address = seen = ""
        observed_at = began
        while (left := began + self._start_grace - self._clock.now()) > 0:
            if not address or self._clock.now() - observed_at >= _OBSERVATION_INTERVAL:
                address, observed_at = self._address(instance, release), self._clock.now()
            seen = self._probe.look(address, release.heartbeat.within(max(left, _SHORTEST_LAST_HEARTBEAT)))
            if not seen:
                _log.info("server ready", extra={"server": instance, "seconds": round(self._clock.now() - began, 3)})
                return address
            waited = self._clock.now() - began
            self._clock.sleep(min(_LONGEST_HEARTBEAT_INTERVAL, max(_HEARTBEAT_INTERVAL, waited / _PATIENCE)))
        address = self._address(instance, release)
        self._log_last_output(instance, release)
        raise StartFailed(
            f"{instance} did not answer http://{address}{release.heartbeat_path} with {release.heartbeat_status} "
            f"within {self._start_grace:g} s; last seen: {seen}"
        )

    def _address(self, instance: str, release: Release) -> str:
        """The address of a server that is starting. Raises StartFailed where its container has ended, and
        EngineUnavailable where its node is lost: that says nothing of its release."""
        observed = self._runtime.observe()
        self._nodes.observed(observed)
        container = observed.get(instance)
        node = self._nodes.of(instance)
        if node in self._lost().unheard:
            raise EngineUnavailable(f"{instance} cannot become ready: its node {node} is cut off")
        if container is None or not container.running:
            status = container.status if container else "removed"
            if cause_of(status) is Cause.NODE:
                raise EngineUnavailable(f"{instance} cannot become ready: {status}")
            if container is not None and container.starved:
                status += f", {out_of_memory(release.memory)}"
            self._log_last_output(instance, release)
            raise StartFailed(f"{instance} ended before it was ready ({status}); see the balancer's log")
        return container.address

    def _kill(self, instance: str, container: str) -> None:
        try:
            self._runtime.kill(instance, container)
        except EngineUnavailable as error:
            _log.warning("server not removed yet", extra={"server": instance, "reason": str(error)})

    def _retire(self, instance: str) -> None:
        """Retires one server. It counts as idle when it had nothing in flight at two checks in a row: at one check, a
        request may just be on its way."""
        began = self._clock.now()
        idle = 0
        while idle < 2 and self._clock.now() - began < self._drain_timeout:
            self._desired.check()
            if self._cannot_finish(instance):
                self._desired.confirm()
                self._events.record(EventKind.FENCED, server=hostname(instance), instance=instance, container=instance)
                self._runtime.kill(instance)
                return
            idle = idle + 1 if self._in_flight(instance) == 0 else 0
            self._clock.sleep(self._until_check())
        if idle < 2:
            self._events.record(
                EventKind.CUT,
                server=hostname(instance),
                instance=instance,
                reason="the drain timeout was over",
                seconds=self._clock.now() - began,
                requests=self._in_flight(instance),
            )
        self._desired.confirm()  # A drain takes long.
        self._runtime.stop(instance)

    def _until_check(self) -> float:
        """Seconds to the next common moment of a check that is not just now."""
        left = _DRAIN_INTERVAL - self._clock.now() % _DRAIN_INTERVAL
        return left if left >= _DRAIN_INTERVAL / 2 else left + _DRAIN_INTERVAL

    def _in_flight(self, instance: str) -> int:
        """Requests in flight at the server. 1 where the plane does not answer: then the drain takes the whole
        timeout."""
        try:
            return self._plane.activity().get(instance, IDLE).in_flight
        except PlaneUnavailable:
            return 1

    def _log_last_output(self, instance: str, release: Release) -> None:
        """What a server printed goes to the log only, and without the values that its release gave it. It may have
        printed another secret."""
        with suppress(EngineUnavailable):
            output = without_secrets(self._runtime.last_output(instance), release)
            _log.warning("server not ready", extra={"server": instance, "last_words": output})
