"""A container runtime on the bench: what the world does to its containers, the same for every adapter."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from balancer.core.fleet import Server
from balancer.core.lifecycle import State
from balancer.core.release import Release
from balancer.ports.local_engine import LocalEngine
from balancer.ports.runtime import ContainerRuntime
from tests.fakes.runtime import FakeRuntime


def joining(name: str, ring_id: int, *, generation: int = 1) -> Server:
    """A server whose container is the first of its ring id, or made by a roll."""
    return Server(name, ring_id, State.JOINING, rolled=generation > 1, generation=generation)


class RuntimeBench(Protocol):
    """Servers are called by their instances, as in the port."""

    @property
    def runtime(self) -> ContainerRuntime: ...

    @property
    def release(self) -> Release:
        """What runs as a server."""

    @property
    def broken_release(self) -> Release:
        """Its image does not exist."""

    def die(self, instance: str) -> None: ...

    def pause(self, instance: str) -> None: ...

    def hang(self, instance: str) -> None:
        """A signal stops its processes, and the engine does not know."""

    def stop_by_hand(self, instance: str) -> None:
        """Somebody stops it; it takes its time."""

    def stir(self) -> None:
        """Makes the engine tell something, where S1 runs. It takes a moment until an engine knows of a listener, and
        nothing tells when: stir as long as needed."""

    def occupy(self, name: str) -> None:
        """A server of another deployment has its container's name."""

    @property
    def names(self) -> set[str]:
        """Whatever is there, other deployments' containers too."""

    def away(self) -> AbstractContextManager[None]:
        """The engine does not answer, and is back at the end of the block."""


class OneHost(ContainerRuntime, LocalEngine, Protocol):
    """The runtime of one host."""


class LocalBench(RuntimeBench, Protocol):
    @property
    def runtime(self) -> OneHost: ...

    def starve(self, instance: str) -> None:
        """It reaches its memory limit: the kernel kills a process of it, not its first one."""

    def wake(self, instance: str) -> None:
        """After a pause."""

    def disconnect(self, instance: str) -> None:
        """Off the network."""


class FakeBench:
    def __init__(self) -> None:
        self.runtime = FakeRuntime()
        self.release = Release(1, "server")
        self.broken_release = Release(1, "no-such-image")
        self.runtime.lacking = {self.broken_release.image}
        self.die = self.runtime.die
        self.starve = self.runtime.starve
        self.pause = self.runtime.pause
        self.hang = self.runtime.freeze
        self.wake = self.runtime.wake
        self.stop_by_hand = self.runtime.stop_by_hand
        self.disconnect = self.runtime.disconnect
        self.occupy = self.runtime.occupy

    def stir(self) -> None:
        self.pause("S1")
        self.wake("S1")

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
