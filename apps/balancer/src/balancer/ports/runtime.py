"""The container engine, as far as the fleet needs it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from balancer.core.plan import Observed


class ContainerRuntime(Protocol):
    """Starts and removes this deployment's servers and nothing else.

    Every method may raise EngineUnavailable. Names are hostnames, without the deployment's prefix.
    """

    def start(self, name: str, ring_id: int) -> None:
        """Creates and starts a server. Raises NameTaken for a container that is not ours, StartFailed with the
        engine's reason when it cannot start; then nothing is left behind."""

    def observe(self) -> dict[str, Observed]:
        """Every container of this deployment's servers, running or not, by name."""

    def stop(self, name: str) -> None:
        """Asks the server to end, waits as long as it may take, removes it. A missing one is no error."""

    def kill(self, name: str) -> None:
        """Ends the server at once, hung or paused as it may be, and removes it. A missing one is no error."""

    def changes(self) -> Iterator[str]:
        """Blocks, and yields a few words whenever something happened to a server. Ends never, but may raise."""

    def last_words(self, name: str) -> str:
        """The last lines that the server printed, for the log; empty when there are none or it is gone."""
