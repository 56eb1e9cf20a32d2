"""What only an engine that runs the containers itself can do, as a port. On several hosts nobody can do it."""

from __future__ import annotations

from typing import Protocol


class LocalEngine(Protocol):
    """Every method may raise EngineUnavailable."""

    def rename(self, instance: str, name: str) -> None:
        """Gives the container another container name; the instance stays. It has no effect where the name is in use or
        the container is missing."""

    def is_stopped(self, instance: str) -> bool:
        """Whether a signal has stopped the container's first process: then nothing in it answers. Where the first
        process is only an init, whether all children of it are stopped. False where nobody can say."""
