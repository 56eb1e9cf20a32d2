"""Plain GET traffic with real concurrency, counted per server. It never retries: what fails shall be seen."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import urllib3

SERVED_BY = "X-Served-By"


@dataclass(slots=True)
class Outcome:
    """What came of some requests: answers per status and per server, errors without an answer, the longest wait."""

    statuses: Counter[int] = field(default_factory=Counter)
    servers: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    longest: float = 0.0
    """Seconds."""

    @property
    def requests(self) -> int:
        return self.statuses.total() + len(self.errors)

    @property
    def failed(self) -> int:
        return self.requests - self.statuses[200]

    def add(self, other: Outcome) -> None:
        self.statuses += other.statuses
        self.servers += other.servers
        self.errors += other.errors
        self.longest = max(self.longest, other.longest)

    def __str__(self) -> str:
        return (
            f"{self.requests} requests, {self.failed} failed, statuses {dict(self.statuses)}, "
            f"longest {self.longest:.2f} s, errors {Counter(self.errors).most_common(3)}"
        )


def send(url: str, *, requests: int, concurrency: int, progress: Callable[[int], None] | None = None) -> Outcome:
    """Exactly so many GETs of `url`, `concurrency` at a time over kept connections; `progress` hears how many are done."""
    left = threading.Semaphore(requests)
    return _run(url, concurrency, lambda: left.acquire(blocking=False), progress)


@contextmanager
def background(url: str, *, concurrency: int) -> Iterator[Outcome]:
    """GETs of `url` without a pause while the block runs; the outcome is complete when the block has ended."""
    stop = threading.Event()
    outcome = Outcome()
    thread = threading.Thread(target=lambda: outcome.add(_run(url, concurrency, lambda: not stop.is_set(), None)))
    thread.start()
    try:
        yield outcome
    finally:
        stop.set()
        thread.join()


def _run(url: str, concurrency: int, more: Callable[[], bool], progress: Callable[[int], None] | None) -> Outcome:
    total = Outcome()
    lock = threading.Lock()

    def work() -> None:
        mine = Outcome()
        with urllib3.PoolManager(retries=False, timeout=90) as client:
            while more():
                _request(client, url, mine)
                if progress and mine.requests % 100 == 0:
                    progress(100)
        with lock:
            total.add(mine)

    threads = [threading.Thread(target=work) for _ in range(concurrency)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return total


def _request(client: urllib3.PoolManager, url: str, outcome: Outcome) -> None:
    began = time.monotonic()
    try:
        answer = client.request("GET", url)
    except urllib3.exceptions.HTTPError as error:
        outcome.errors.append(f"{type(error).__name__}: {error}")
    else:
        outcome.statuses[answer.status] += 1
        outcome.servers[answer.headers.get(SERVED_BY, "")] += 1
    outcome.longest = max(outcome.longest, time.monotonic() - began)
