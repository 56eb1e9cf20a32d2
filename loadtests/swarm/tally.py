"""Who answered, second by second: what locust itself does not count. Pure but for what a listener is told."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from loadtests.traffic import SERVED_BY


class Tally:
    """`statuses`: status → answers; `seconds`: whole second since 1970 → server → its answers. Answers that no server
    signed, such as the edge's own 503, have a status only; requests without any answer are not in here."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self.clear()

    def clear(self) -> None:
        self.statuses: Counter[int] = Counter()
        self.seconds: defaultdict[int, Counter[str]] = defaultdict(Counter)

    def on_request(self, *, response: Any = None, **_: Any) -> None:
        """Hears of each request, so it does little."""
        if response is None or not response.status_code:
            return
        self.statuses[response.status_code] += 1
        server = response.headers.get(SERVED_BY)
        if server:
            self.seconds[int(self._clock())][server] += 1

    @property
    def servers(self) -> Counter[str]:
        """Server → its answers, over the whole run."""
        total: Counter[str] = Counter()
        for servers in self.seconds.values():
            total.update(servers)
        return total

    def drain(self) -> dict[str, Any]:
        """What came since the last time, for a worker's report to its master."""
        drained = {
            "statuses": dict(self.statuses),
            "seconds": {second: dict(servers) for second, servers in self.seconds.items()},
        }
        self.clear()
        return drained

    def merge(self, drained: Mapping[str, Any]) -> None:
        """Adds what a worker reports."""
        self.statuses.update(drained["statuses"])
        for second, servers in drained["seconds"].items():
            self.seconds[second].update(servers)
