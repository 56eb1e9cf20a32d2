"""What locust counted, by server and second: sums that hold, and every second of the run."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from loadtests.swarm.counts import Counts
from tests.unit.loadtests.swarm.some_counts import some_counts


def entry(**seconds: int) -> Any:
    """As locust's: `s1000=5` are five requests in that second."""
    return SimpleNamespace(num_reqs_per_sec={int(second[1:]): count for second, count in seconds.items()})


def test_who_answered_is_read_from_locusts_names() -> None:
    total = SimpleNamespace(
        num_requests=12,
        num_failures=1,
        num_fail_per_sec={1001: 1},
        max_response_time=12.3456,
        get_response_time_percentile=lambda part: int(part * 100),
    )
    entries = {
        ("/home by S2", "GET"): entry(s1000=2),
        ("/home by S1", "GET"): entry(s1000=3, s1001=1),
        ("/other by S1", "GET"): entry(s1001=4),
        ("/home", "GET"): entry(s1001=1),
        ("/add", "POST"): entry(s1001=1),
    }
    refused = SimpleNamespace(to_name=lambda: "GET /home: 503", occurrences=1)
    stats = SimpleNamespace(total=total, entries=entries, errors={"x": refused})
    counts = Counts.of(cast(Any, stats))
    assert counts.servers == {"S1": {1000: 3, 1001: 5}, "S2": {1000: 2}}
    assert counts.answers == {"S1": 8, "S2": 2}
    assert (counts.requests, counts.failures, counts.errors) == (12, 1, {"GET /home: 503": 1})
    assert counts.latency == {"p50": 50, "p95": 95, "p99": 99, "max": 12.346}


def test_a_server_whose_statistics_were_reset_has_answered_nothing() -> None:
    assert some_counts(servers={"S1": {}, "S2": {1000: 1}}).answers == {"S2": 1}


def test_every_second_of_the_run_is_in_the_document_even_if_nothing_happened_in_it() -> None:
    counts = some_counts(
        requests=7,
        failures=2,
        servers={"S1": {1001: 1, 1004: 1}, "S2": {1001: 3}},
        failures_at={1003: 1, 1006: 1},
        errors={"GET /home: 503": 2},
    )
    assert counts.document(started=1000.5, ended=1005.25) == {
        "requests": 7,
        "failures": 2,
        "errors": {"GET /home: 503": 2},
        "servers": {"S1": 2, "S2": 3},
        "seconds": [
            {"at": 1000, "servers": {}, "failures": 0},
            {"at": 1001, "servers": {"S1": 1, "S2": 3}, "failures": 0},
            {"at": 1002, "servers": {}, "failures": 0},
            {"at": 1003, "servers": {}, "failures": 1},
            {"at": 1004, "servers": {"S1": 1}, "failures": 0},
            {"at": 1005, "servers": {}, "failures": 0},
            {"at": 1006, "servers": {}, "failures": 1},
        ],
        "started": 1000.5,
        "ended": 1005.25,
        "latency_ms": {"p50": 2, "p95": 5, "p99": 9, "max": 12.5},
    }
