"""The container engine, as far as the fleet needs it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from balancer.core.fleet import Server
from balancer.core.plan import Observed
from balancer.core.release import Release


class ContainerRuntime(Protocol):
    """Starts and removes this deployment's servers and nothing else.

    Every method may raise EngineUnavailable. Servers are called by their instances.
    """

    def start(self, server: Server, release: Release) -> None:
        """Creates and starts the server's container, named like the instance. Raises NameTaken for a container that is
        not ours, StartFailed with the engine's reason when it cannot start; then nothing is left behind."""

    def observe(self) -> dict[str, Observed]:
        """Every container of this deployment's servers, running or not, by instance."""

    def rename(self, instance: str, name: str) -> None:
        """The container has another name; the instance stays. Without effect where the name is in use or the server
        is missing."""

    def stop(self, instance: str) -> None:
        """Asks the server to end, waits as long as it may take, removes it. A missing one is no error."""

    def kill(self, instance: str) -> None:
        """Ends the server at once, hung or paused as it may be, and removes it. A missing one is no error."""

    def engine_events(self) -> Iterator[str]:
        """Blocks, and yields a few words whenever something happened to a server. Never ends, but may raise.

        After an event that tells of a server's death, `observe` shows the server as not running. After one that tells
        of a stop, `observe` shows it as ending, for as long as a stop may take.
        """

    def last_output(self, instance: str) -> str:
        """The last lines that the server printed, for the log; empty when there are none or it is gone."""
