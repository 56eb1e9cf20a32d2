"""The load: a process that sends requests, and what has become of them. A load that dies is an error at once."""

from __future__ import annotations

import multiprocessing
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event
from threading import Lock, Thread

from loadtests.load.sender import LoadPlan, Report, main
from loadtests.traffic import Request, TrafficCounts, count
from tests.polling import until

_START_WITHIN = 30.0
_ALL_WITHIN = 600.0
SILENT = 10.0
"""Seconds without a report after which the load counts as dead."""


class LoadFailed(Exception):
    """The load did not send what it should have: nothing that was measured with it counts."""


class Load:
    """`requests`: those that have ended and were not taken yet; `ended`: how many have ended; `began`: when it was
    first seen to send; `stopped`: when it was told to end. Reports are read all the time: a pipe that is full would
    hold up the load."""

    def __init__(self, plan: LoadPlan, process: BaseProcess, inbox: Connection, stop: Event) -> None:
        self.plan = plan
        self.process = process
        self.requests: list[Request] = []
        self.ended = 0
        self.began = time.monotonic()
        self.stopped: float | None = None
        self._lock = Lock()
        self._inbox = inbox
        self._stop = stop
        self._last = Report(time.monotonic(), [], 0, 0, 0.0)
        self._listener = Thread(target=self._listen, name="load")
        self._listener.start()

    @property
    def sent(self) -> int:
        return self._last.sent

    @property
    def left_out(self) -> int:
        return self._last.left_out

    @property
    def seconds(self) -> float:
        """For how long it has sent."""
        return (self.stopped or time.monotonic()) - self.began

    @property
    def counts(self) -> TrafficCounts:
        return count(list(self.requests), rate=self.plan.rate)

    @property
    def failed(self) -> int:
        return sum(request.has_failed for request in self.requests)

    @property
    def causes(self) -> Counter[str]:
        return Counter(request.cause for request in self.requests if request.has_failed)

    def __str__(self) -> str:
        counts = self.counts
        return (
            f"{counts.requests} requests, {self.failed} failed {dict(self.causes)}, {counts.repeated} repeated, "
            f"the longest took {counts.longest:.2f} s"
        )

    def check(self) -> None:
        """Raises LoadFailed where it has died, or is silent."""
        # The listener ends after the last report, or with the process: so what it has read is looked at after it.
        has_ended = not self._listener.is_alive()
        report = self._last
        if not report.is_last and has_ended:
            self.process.join(1)
            raise LoadFailed(f"the load's process has died (exit code {self.process.exitcode})")
        if not report.is_last and time.monotonic() - report.at > SILENT:
            raise LoadFailed(f"the load has told nothing for {SILENT:g} s")

    def wait_until_it_sends(self) -> None:
        """Raises LoadFailed."""
        self._until(lambda: self._last.sent > 0, "the load sends", _START_WITHIN)
        self.began = time.monotonic()

    def wait_for(self, requests: int, *, within: float = 60.0) -> None:
        """Until so many more have ended. Raises LoadFailed."""
        before = self.ended
        self._until(lambda: self.ended >= before + requests, f"{requests} more requests have ended", within)

    def wait_for_the_last(self) -> None:
        """Until as many have ended as are planned. Raises LoadFailed."""
        self._until(lambda: self._last.is_last, "all are sent", _ALL_WITHIN)

    def wait_for_answers(self, moment: float, *, within: float) -> bool:
        """Until every request that began before that moment has ended; False where one has not in time."""
        try:
            self._until(lambda: self._last.is_last or self._last.oldest >= moment, "they have ended", within)
        except AssertionError:
            return False
        return True

    def take(self, moment: float = float("inf")) -> list[Request]:
        """Those that began before that moment, once each."""
        with self._lock:
            ended, self.requests = self.requests, [request for request in self.requests if request.began >= moment]
        return [request for request in ended if request.began < moment]

    def stop(self) -> None:
        """Nothing more is sent; returns when all requests have ended. Raises LoadFailed."""
        if self.stopped is None:
            self.stopped = time.monotonic()
        self._stop.set()
        self.process.join(self.plan.last_within + 5)
        self._listener.join(1 if self.process.is_alive() else None)
        if not self._last.is_last or self.process.exitcode != 0:
            raise LoadFailed(f"the load did not end as it should (exit code {self.process.exitcode})")

    def close(self) -> None:
        self.process.kill()
        self.process.join()
        self._listener.join()
        self._inbox.close()

    def _listen(self) -> None:
        with suppress(EOFError, OSError):
            while not self._last.is_last:
                report: Report = self._inbox.recv()
                with self._lock:
                    self.requests += report.ended
                    self.ended += len(report.ended)
                self._last = report

    def _until(self, condition: Callable[[], bool], what: str, within: float) -> None:
        def holds() -> bool:
            self.check()
            return condition()

        until(holds, what, within=within, pause=0.02)


@contextmanager
def load(plan: LoadPlan) -> Iterator[Load]:
    """Sends while the block runs, or as many as are planned; at its end every request has ended, or counts as failed.
    Raises LoadFailed."""
    spawn = multiprocessing.get_context("spawn")
    inbox, outbox = spawn.Pipe(duplex=False)
    stop = spawn.Event()
    process = spawn.Process(target=main, args=(plan, outbox, stop), daemon=True)
    process.start()
    outbox.close()
    found = Load(plan, process, inbox, stop)
    try:
        found.wait_until_it_sends()
        yield found
        if plan.requests:
            found.wait_for_the_last()
        found.stop()
    finally:
        found.close()
