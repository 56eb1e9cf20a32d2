"""Listens to engine events: each one calls for a step."""

from __future__ import annotations

import logging
import threading

from balancer.ports.runtime import ContainerRuntime

_log = logging.getLogger(__name__)


class EngineListener:
    """Sets `wake` at every engine event of a server."""

    def __init__(self, *, runtime: ContainerRuntime, wake: threading.Event) -> None:
        self._runtime = runtime
        self._wake = wake

    def round(self) -> float:
        """Listens until the engine ends its stream of events, or the process ends. Raises EngineUnavailable."""
        for engine_event in self._runtime.engine_events():
            _log.debug("engine event", extra={"event": engine_event})
            self._wake.set()
        return 0.0
