"""Clients that ask all the time, each request over a connection of its own, and note what they got."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

from tests.http_client import ask

PER_SECOND = 20


class SteadyClients:
    """They ask for a path PER_SECOND times a second while its block runs. `failed`: what was not answered 200."""

    def __init__(self, base: str, path: str) -> None:
        self._base, self._path = base, path
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(number,), daemon=True) for number in range(4)]
        self.seconds: list[float] = []
        self.failed: list[str] = []

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    def told(self) -> str:
        times = sorted(self.seconds)
        p50, p99 = (times[int(len(times) * part)] * 1000 for part in (0.5, 0.99))
        return f"{self._path}: {len(times)} served, {len(self.failed)} failed, p50 {p50:.0f} ms, p99 {p99:.0f} ms"

    def _run(self, number: int) -> None:
        pause = len(self._threads) / PER_SECOND
        due = time.monotonic() + number / PER_SECOND
        while not self._ended.wait(max(0.0, due - time.monotonic())):
            due = max(due + pause, time.monotonic())
            began = time.monotonic()
            try:
                status = ask("GET", self._base, self._path, timeout=60).status
            except OSError as error:
                self.failed.append(repr(error))
                continue
            if status == 200:
                self.seconds.append(time.monotonic() - began)
            else:
                self.failed.append(str(status))
