"""Plain GET traffic with real concurrency, counted per server. It never retries: what fails shall be seen."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import cycle

import urllib3

SERVED_BY = "X-Served-By"
KEY = "X-User"
"""The header that keyed requests carry."""


@dataclass(slots=True)
class Outcome:
    """What came of some requests: answers per status and per server, errors without an answer, the longest wait; of
    keyed ones also which servers answered each key."""

    statuses: Counter[int] = field(default_factory=Counter)
    servers: Counter[str] = field(default_factory=Counter)
    servers_of: dict[str, set[str]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    longest: float = 0.0
    """Seconds."""
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    @property
    def requests(self) -> int:
        """How many have ended. Grows while traffic runs."""
        return self.statuses.total() + len(self.errors)

    @property
    def failed(self) -> int:
        return self.requests - self.statuses[200]

    def answered(self, status: int, server: str, key: str, seconds: float) -> None:
        with self._lock:
            self.statuses[status] += 1
            self.servers[server] += 1
            if key:
                self.servers_of.setdefault(key, set()).add(server)
            self.longest = max(self.longest, seconds)

    def broke(self, error: str, seconds: float) -> None:
        with self._lock:
            self.errors.append(error)
            self.longest = max(self.longest, seconds)

    def __str__(self) -> str:
        return (
            f"{self.requests} requests, {self.failed} failed, statuses {dict(self.statuses)}, "
            f"longest {self.longest:.2f} s, errors {Counter(self.errors).most_common(3)}"
        )


def send(url: str, *, requests: int, concurrency: int, progress: Callable[[int], None] | None = None) -> Outcome:
    """Exactly so many GETs of `url`, `concurrency` at a time over kept connections; `progress` hears of every 100."""
    left = threading.Semaphore(requests)
    outcome = Outcome()
    _run(url, concurrency, lambda: left.acquire(blocking=False), outcome, progress=progress)
    return outcome


@contextmanager
def background(url: str, *, concurrency: int, keys: Sequence[str] = ()) -> Iterator[Outcome]:
    """GETs of `url` without a pause while the block runs, keyed by each of `keys` in turn; the outcome is complete when
    the block has ended."""
    stop = threading.Event()
    outcome = Outcome()
    thread = threading.Thread(
        target=_run, args=(url, concurrency, lambda: not stop.is_set(), outcome), kwargs={"keys": keys}
    )
    thread.start()
    try:
        yield outcome
    finally:
        stop.set()
        thread.join()


def _run(
    url: str,
    concurrency: int,
    more: Callable[[], bool],
    outcome: Outcome,
    *,
    keys: Sequence[str] = (),
    progress: Callable[[int], None] | None = None,
) -> None:
    def work() -> None:
        done = 0
        turns = cycle(keys or [""])
        with urllib3.PoolManager(retries=False, timeout=90) as client:
            while more():
                _request(client, url, next(turns), outcome)
                done += 1
                if progress and done % 100 == 0:
                    progress(100)

    threads = [threading.Thread(target=work) for _ in range(concurrency)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _request(client: urllib3.PoolManager, url: str, key: str, outcome: Outcome) -> None:
    began = time.monotonic()
    try:
        answer = client.request("GET", url, headers={KEY: key} if key else {})
    except urllib3.exceptions.HTTPError as error:
        outcome.broke(f"{type(error).__name__}: {error}", time.monotonic() - began)
    else:
        outcome.answered(answer.status, answer.headers.get(SERVED_BY, ""), key, time.monotonic() - began)
