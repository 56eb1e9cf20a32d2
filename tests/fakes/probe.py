"""Heartbeats of the servers of a FakeRuntime."""

from __future__ import annotations

from tests.fakes.runtime import FakeRuntime


class FakeProbe:
    """A Probe."""

    def __init__(self, runtime: FakeRuntime) -> None:
        self._runtime = runtime

    def alive(self, address: str) -> bool:
        return bool(address) and self._runtime.answers(address)
