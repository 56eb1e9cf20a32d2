"""Heartbeats of the servers of a FakeRuntime, without a network."""

from __future__ import annotations

import threading

from tests.fakes.runtime import FakeRuntime


class FakeProbe:
    """A Probe: the server answers when the FakeRuntime says so."""

    def __init__(self, runtime: FakeRuntime) -> None:
        self._runtime = runtime

    def alive(self, address: str) -> bool:
        return bool(address) and self._runtime.answers(address)


class FakeProbes:
    """Probes. A heartbeat ends at the next call of `ended`, and its result is the state of the server then."""

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
