"""Heartbeats of the servers of a FakeRuntime, without a network."""

from __future__ import annotations

import threading

from balancer.core.heartbeat import Heartbeat
from tests.fakes.runtime import FakeRuntime


class FakeProbe:
    """A Probe: it sees what the FakeRuntime says."""

    def __init__(self, runtime: FakeRuntime) -> None:
        self._runtime = runtime

    def look(self, address: str, heartbeat: Heartbeat) -> str:
        return self._runtime.seen(address, heartbeat) if address else "it has no address on its network"


class FakeProbes:
    """Probes. A heartbeat ends at the next call of `ended`, and its result is the state of the server then."""

    def __init__(self, runtime: FakeRuntime) -> None:
        self._probe = FakeProbe(runtime)
        self._under_way: dict[int, tuple[str, Heartbeat]] = {}

    def send(self, number: int, address: str, heartbeat: Heartbeat) -> None:
        self._under_way[number] = (address, heartbeat)

    def ended(self, *, within: float) -> list[tuple[int, bool]]:
        if not self._under_way:
            threading.Event().wait(within)
        results = [(number, not self._probe.look(*asked)) for number, asked in self._under_way.items()]
        self._under_way.clear()
        return results
