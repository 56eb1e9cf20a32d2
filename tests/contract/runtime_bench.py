"""A container runtime on the bench: what the world does to its containers, the same for every adapter."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from balancer.ports.runtime import ContainerRuntime
from tests.fakes.runtime import Everyone, FakeRuntime


class RuntimeBench(Protocol):
    """Names are hostnames, as in the port."""

    @property
    def runtime(self) -> ContainerRuntime: ...

    def break_starts(self) -> None:
        """From now on no server can be started: its image does not exist."""

    def die(self, name: str) -> None: ...

    def pause(self, name: str) -> None: ...

    def hang(self, name: str) -> None:
        """It runs on without doing anything, and the engine does not know."""

    def wake(self, name: str) -> None:
        """After a pause."""

    def disconnect(self, name: str) -> None:
        """Off the network."""

    def occupy(self, name: str) -> None:
        """A server of another deployment gets its container's name."""

    @property
    def names(self) -> set[str]:
        """Whatever is there, other deployments' containers too."""

    def away(self) -> AbstractContextManager[None]:
        """The engine does not answer, and is back at the end of the block."""


class FakeBench:
    def __init__(self) -> None:
        self.runtime = FakeRuntime()
        self.die = self.runtime.die
        self.pause = self.runtime.pause
        self.hang = self.runtime.hang
        self.wake = self.runtime.wake
        self.disconnect = self.runtime.disconnect
        self.occupy = self.runtime.occupy

    def break_starts(self) -> None:
        self.runtime.broken = Everyone()

    @property
    def names(self) -> set[str]:
        return self.runtime.names

    @contextmanager
    def away(self) -> Iterator[None]:
        self.runtime.away.arm()
        self.runtime.end_events()
        try:
            yield
        finally:
            self.runtime.away.clear()
