"""Brings servers up and takes them away, several at once, and knows which instances it has in hand."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

from balancer.core.errors import EngineUnavailable, PlaneUnavailable, StartFailed
from balancer.core.event import Kind
from balancer.core.fleet import Server
from balancer.core.release import Release
from balancer.core.routes import hostname
from balancer.ports.chance import Clock
from balancer.ports.data_plane import DataPlane
from balancer.ports.probe import Probe
from balancer.ports.runtime import ContainerRuntime
from balancer.service.events import Events

_log = logging.getLogger(__name__)

_LOOK = 0.05
"""Seconds between two looks at what a leaving server still has to do."""
_HEARTBEAT_LOOK = 0.02
"""Seconds between two looks at a new server's heartbeat."""
_ENGINE_LOOKS = 25
"""A new server's container is looked at once in so many heartbeats."""


class Crew:
    """`start_grace` and `drain_timeout` in seconds; `size` is how many servers it can handle at once."""

    def __init__(
        self,
        *,
        runtime: ContainerRuntime,
        plane: DataPlane,
        probe: Probe,
        clock: Clock,
        events: Events,
        start_grace: float,
        drain_timeout: float,
        size: int,
    ) -> None:
        self._runtime = runtime
        self._plane = plane
        self._probe = probe
        self._clock = clock
        self._events = events
        self._start_grace = start_grace
        self._drain_timeout = drain_timeout
        self._pool = ThreadPoolExecutor(size, thread_name_prefix="crew")
        self._in_hand: set[str] = set()
        self._lock = threading.Lock()

    @property
    def in_hand(self) -> frozenset[str]:
        with self._lock:
            return frozenset(self._in_hand)

    @contextmanager
    def holding(self, names: Collection[str]) -> Iterator[None]:
        """While somebody holds servers, nobody else starts, fences or retires them."""
        with self._lock:
            self._in_hand.update(names)
        try:
            yield
        finally:
            with self._lock:
                self._in_hand.difference_update(names)

    def take(self, names: Collection[str], work: Callable[[], None]) -> None:
        """Holds the servers from now until the work, done in the background, has ended. An error that nobody
        foresaw is logged, never lost."""
        held = ExitStack()
        held.enter_context(self.holding(names))

        def ended(task: Future[None]) -> None:
            held.close()
            if error := task.exception():
                _log.error("unforeseen", exc_info=error)

        self._pool.submit(work).add_done_callback(ended)

    def bring_up(self, servers: Collection[Server], release: Release) -> dict[str, str]:
        """Starts servers together; returns instance → address when every one answers its heartbeat.

        Raises the first error among StartFailed, NameTaken, EngineUnavailable when all have ended, well or not.
        """
        tasks = {server.instance: self._pool.submit(self._bring_up, server, release) for server in servers}
        errors = [error for task in tasks.values() if (error := task.exception())]
        if errors:
            raise errors[0]
        return {instance: task.result() for instance, task in tasks.items()}

    def rename(self, instance: str, name: str) -> None:
        """What the engine does not do now is done when it is observed again."""
        try:
            self._runtime.rename(instance, name)
        except EngineUnavailable as error:
            _log.warning("container not renamed yet", extra={"server": instance, "reason": str(error)})

    def kill(self, names: Collection[str]) -> None:
        """Ends servers at once. What the engine does not do now is done when it is observed again."""
        for task in [self._pool.submit(self._kill, name) for name in names]:
            task.result()

    def retire(self, names: Collection[str]) -> None:
        """Waits until nothing is in flight on each server, at most the drain timeout, and stops and removes it.

        Raises EngineUnavailable.
        """
        for task in [self._pool.submit(self._retire, name) for name in names]:
            task.result()

    def _bring_up(self, server: Server, release: Release) -> str:
        name = server.instance
        began = self._clock.now()
        self._runtime.start(server, release)
        address = ""
        looks = 0
        while self._clock.now() - began < self._start_grace:
            if not address or looks % _ENGINE_LOOKS == 0:
                container = self._runtime.observe().get(name)
                if container is None or not container.running:
                    status = container.status if container else "removed"
                    raise StartFailed(f"{name} ended before it was ready ({status}){self._quoted_last_words(name)}")
                address = container.address
            if self._probe.alive(address):
                _log.info("server ready", extra={"server": name, "seconds": round(self._clock.now() - began, 3)})
                return address
            looks += 1
            self._clock.sleep(_HEARTBEAT_LOOK)
        raise StartFailed(f"{name} did not answer its heartbeat with 200 within {self._start_grace:g} s")

    def _kill(self, name: str) -> None:
        try:
            self._runtime.kill(name)
        except EngineUnavailable as error:
            _log.warning("server not removed yet", extra={"server": name, "reason": str(error)})

    def _retire(self, name: str) -> None:
        began = self._clock.now()
        idle = 0
        while idle < 2 and self._clock.now() - began < self._drain_timeout:
            idle = idle + 1 if self._in_flight(name) == 0 else 0
            self._clock.sleep(_LOOK)
        if idle < 2:
            self._events.record(
                Kind.CUT,
                server=hostname(name),
                reason="the drain timeout was over",
                seconds=self._clock.now() - began,
                requests=self._in_flight(name),
            )
        self._runtime.stop(name)

    def _in_flight(self, name: str) -> int:
        """A plane that does not answer has lost count; then only the drain timeout protects what runs."""
        try:
            return self._plane.in_flight(name)
        except PlaneUnavailable:
            return 1

    def _quoted_last_words(self, name: str) -> str:
        words = self._runtime.last_words(name)
        return f"; its last words: {words}" if words else ""
