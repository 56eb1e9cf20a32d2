"""The engine's stream of events, for the one listener that there is: a new one ends the stream of the one before."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import docker
from docker.errors import DockerException

from balancer.core.errors import EngineUnavailable

_ENDED = (AttributeError, OSError, DockerException)
"""What the Docker library raises where a stream that is to be closed has ended, or was never there."""


class EngineStream:
    def __init__(self) -> None:
        self._events: Any = None
        self._listener = 0
        self._lock = threading.Lock()

    def listen(self) -> int:
        """Ends the stream that somebody may still listen to. Returns the new listener's number."""
        with self._lock:
            self._listener += 1
            with suppress(*_ENDED):
                self._events.close()
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
            for event in stream:  # noqa: UP028 (`yield from` would close it, too early for the lines below)
                yield event
        finally:
            with suppress(*_ENDED):
                stream.close()
                for _ in stream:  # the Docker library gives the socket back only where it has read to the end
                    pass
        raise EngineUnavailable("the Docker engine ended its stream of events")
