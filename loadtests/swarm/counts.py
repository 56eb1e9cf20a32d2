"""What locust counted in a run, as plain values, and as the document of --servers-file. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from loadtests.swarm.answers import server_of

if TYPE_CHECKING:
    from locust.stats import RequestStats


@dataclass(frozen=True, slots=True)
class Counts:
    """`requests` are all that were sent; `servers`: server → whole second since 1970 → its answers; `failures_at`:
    second → failures; `errors`: reason → failures; `latency`: p50, p95, p99 and max in milliseconds, as locust rounds
    them."""

    requests: int
    failures: int
    servers: Mapping[str, Mapping[int, int]]
    failures_at: Mapping[int, int]
    errors: Mapping[str, int]
    latency: Mapping[str, float]

    @staticmethod
    def of(stats: RequestStats) -> Counts:
        total = stats.total
        servers: dict[str, Counter[int]] = {}
        for (name, _), entry in sorted(stats.entries.items()):
            if server := server_of(name):
                servers.setdefault(server, Counter()).update(entry.num_reqs_per_sec)
        quantiles = {f"p{percent}": total.get_response_time_percentile(percent / 100) for percent in (50, 95, 99)}
        return Counts(
            requests=total.num_requests,
            failures=total.num_failures,
            servers={server: dict(seconds) for server, seconds in servers.items()},
            failures_at=dict(total.num_fail_per_sec),
            errors={error.to_name(): error.occurrences for error in stats.errors.values()},
            latency=quantiles | {"max": round(total.max_response_time, 3)},
        )

    @property
    def answers(self) -> dict[str, int]:
        """Server → its answers, over the whole run."""
        return {server: sum(seconds.values()) for server, seconds in self.servers.items() if seconds}

    @property
    def fail_ratio(self) -> float:
        return self.failures / self.requests if self.requests else 0.0

    def document(self, *, started: float, ended: float) -> dict[str, Any]:
        """`started` and `ended` in seconds since 1970. `seconds` has every one from the first to the last: a gap is
        seen."""
        seen = {int(started), int(ended), *self.failures_at, *(at for counts in self.servers.values() for at in counts)}
        return {
            "requests": self.requests,
            "failures": self.failures,
            "errors": dict(self.errors),
            "servers": self.answers,
            "seconds": [
                {
                    "at": at,
                    "servers": {server: counts[at] for server, counts in self.servers.items() if at in counts},
                    "failures": self.failures_at.get(at, 0),
                }
                for at in range(min(seen), max(seen) + 1)
            ],
            "started": started,
            "ended": ended,
            "latency_ms": dict(self.latency),
        }
