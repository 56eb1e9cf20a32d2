"""The engine's stream of events, for the one listener that there is: a new one ends the stream of the one before."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import docker
from docker.errors import DockerException

from balancer.core.errors import EngineUnavailable


class EngineStream:
    def __init__(self) -> None:
        self._events: Any = None
        self._listener = 0
        self._lock = threading.Lock()

    def listen(self) -> int:
        """Ends the stream that somebody may still listen to. Returns the new listener's number."""
        with self._lock:
            self._listener += 1
            _close(self._events)
            return self._listener

    def events(self, api: docker.APIClient, listener: int, filters: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Yields the engine's events as they come. A stream that opens for an older listener ends at once. Raises
        EngineUnavailable when the stream ends, and what the Docker library raises."""
        stream = api.events(decode=True, filters=dict(filters))
        with self._lock:
            is_latest = listener == self._listener
            if is_latest:
                self._events = stream
        if not is_latest:
            stream.close()
            raise EngineUnavailable("somebody else listens to the engine by now")
        try:
            yield from stream
        finally:
            _close(stream)
            for _ in stream:  # the Docker library gives the socket back only where it has read to the end
                pass
        raise EngineUnavailable("the Docker engine ended its stream of events")


def _close(stream: Any) -> None:
    """Closes a stream of the Docker library that may be closed already, or None."""
    with suppress(AttributeError, OSError, DockerException):
        stream.close()
