"""Heartbeats of the servers of a FakeRuntime."""

from __future__ import annotations

import threading

from tests.fakes.runtime import FakeRuntime


class FakeProbe:
    """A Probe."""

    def __init__(self, runtime: FakeRuntime) -> None:
        self._runtime = runtime

    def alive(self, address: str) -> bool:
        return bool(address) and self._runtime.answers(address)


class FakeProbes:
    """Probes; every heartbeat ends when somebody listens, as the server is by then."""

    def __init__(self, runtime: FakeRuntime) -> None:
        self._probe = FakeProbe(runtime)
        self._under_way: dict[int, str] = {}

    def send(self, number: int, address: str) -> None:
        self._under_way[number] = address

    def ended(self, *, within: float) -> list[tuple[int, bool]]:
        if not self._under_way:
            threading.Event().wait(within)
        results = [(number, self._probe.alive(address)) for number, address in self._under_way.items()]
        self._under_way.clear()
        return results
