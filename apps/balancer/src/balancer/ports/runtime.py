"""The runtime: the port to the container engine, as far as the fleet needs it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from balancer.core.fleet import Server
from balancer.core.observed import Observed
from balancer.core.release import Release


class ContainerRuntime(Protocol):
    """Starts and removes the containers of this deployment's servers, and touches no other containers.

    Every method may raise EngineUnavailable. A container is called by its instance.
    """

    def start(self, server: Server, release: Release) -> None:
        """Creates and starts the server's container. Raises NameTaken where somebody else's container has its name,
        ImageMissing where the engine lacks the release's image, StartFailed with the engine's reason where the
        container cannot start. On one host no image is pulled.
        After an error no container is left."""

    def observe(self) -> dict[str, Observed]:
        """instance → container, for every container of this deployment's servers, running or not."""

    def stop(self, instance: str) -> None:
        """Asks the container to end, waits until it has ended or its stop timeout is over, and removes it. A missing
        container is no error."""

    def kill(self, instance: str, container: str = "") -> None:
        """Kills the container, even a hung or paused one, and removes it. A missing container is no error. `container`:
        the id of the container that is meant; where another one has the instance by now, nothing happens."""

    def engine_events(self) -> Iterator[str]:
        """Blocks, and yields a few words for each engine event of a server. It never ends, but may raise.

        After the event of a container's death, `observe` shows the container as not running. After the event of a stop,
        `observe` shows the container as ending, for as long as a stop may take.
        """

    def last_output(self, instance: str) -> str:
        """The last lines that the server printed; empty where it printed none or its container is gone."""
