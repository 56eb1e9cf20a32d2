"""The runtime: the port to the container engine, as far as the fleet needs it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Protocol

from balancer.core.fleet import Server
from balancer.core.observed import Observed
from balancer.core.release import Release


class ContainerRuntime(Protocol):
    """Starts and removes the containers of this deployment's servers, and touches no other containers.

    Every method may raise EngineUnavailable. A container is called by its instance. On several hosts a manager knows of
    a container only what its node reports: not that it is paused, off the network or starved, and nothing at all of a
    node that is down.
    """

    def start(self, server: Server, release: Release, *, avoid: Collection[str] = ()) -> None:
        """Creates and starts the server's container. Raises NameTaken where somebody else's container has its name,
        ImageMissing where the engine lacks the release's image, StartFailed with the engine's reason where the
        container cannot start. On one host no image is pulled. `avoid`: the names of nodes that it must not run on.
        After an error no container is left."""

    def observe(self) -> dict[str, Observed]:
        """instance → container, for every container of this deployment's servers, running or not. On several hosts a
        container that was removed is ending until its node says that it has ended; where its instance has another
        container by then, that one is told."""

    def stop(self, instance: str) -> None:
        """Asks the container to end, waits until it has ended or its stop timeout is over, and removes it. A missing
        container is no error. A node that is down is not waited for."""

    def kill(self, instance: str, container: str = "") -> None:
        """Kills the container, even a hung or paused one, and removes it. A missing container is no error. `container`:
        the id of the container that is meant; where another one has the instance by now, nothing happens.

        On several hosts nobody can kill at once: a hung container ends when its stop timeout is over, and one on a node
        that is down when the node is back. It is removed all the same, and ending until then."""

    def engine_events(self) -> Iterator[str]:
        """Blocks, and yields a few words for each engine event of a server. It never ends, but may raise.

        After the event of a container's death, `observe` shows the container as not running. After the event of a stop,
        `observe` shows the container as ending, for as long as a stop may take. On several hosts there are only the
        events of nodes and of what is made and removed: a manager hears of no death, and `observe` shows it first.
        """

    def last_output(self, instance: str) -> str:
        """The last lines that the server printed; empty where it printed none or its container is gone."""
