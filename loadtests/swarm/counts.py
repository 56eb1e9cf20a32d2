"""What locust counted in a run, as plain values: the row that it calls Aggregated, and its table of errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from locust.stats import RequestStats


@dataclass(frozen=True, slots=True)
class Counts:
    """`requests` are all that were sent; `failures_at`: whole second since 1970 → failures; `latency`: p50, p95, p99
    and max in milliseconds, as locust rounds them."""

    requests: int
    failures: int
    failures_at: Mapping[int, int]
    errors: Mapping[str, int]
    latency: Mapping[str, float]

    @staticmethod
    def of(stats: RequestStats) -> Counts:
        total = stats.total
        quantiles = {f"p{percent}": total.get_response_time_percentile(percent / 100) for percent in (50, 95, 99)}
        return Counts(
            requests=total.num_requests,
            failures=total.num_failures,
            failures_at=dict(total.num_fail_per_sec),
            errors={error.to_name(): error.occurrences for error in stats.errors.values()},
            latency=quantiles | {"max": round(total.max_response_time, 3)},
        )

    @property
    def fail_ratio(self) -> float:
        return self.failures / self.requests if self.requests else 0.0
