"""When a loss counts as detected, and which requests failed after it."""

from __future__ import annotations

import pytest

from tests.swarm.detection import PROMISED, detected_at, judge
from tests.unit.loadtests.some_requests import BROKE_OFF, REFUSED, request

EPOCH = 1_795_000_000.0
"""The time since 1970 at moment 0."""
BEGAN = 100.0


def event(moment: float, kind: str, server: str) -> dict[str, str]:
    """As GET /events tells it: 1795000000 is 2026-11-18T11:06:40Z."""
    whole, part = divmod(round(moment * 1000), 1000)
    minutes, second = divmod(40 + whole, 60)
    time = f"2026-11-18T11:{6 + minutes:02d}:{second:02d}.{part:03d}+00:00"
    return {"time": time, "kind": kind, "server": server}


def test_it_is_detected_when_the_last_lost_server_is_first_told_of() -> None:
    events = [
        event(BEGAN + 0.5, "silent", "S1"),
        event(BEGAN + 0.75, "silent", "S2"),
        event(BEGAN + 1.5, "failed", "S1"),
        event(BEGAN + 1.75, "failed", "S2"),
    ]
    assert detected_at(BEGAN, ["S1", "S2"], events, epoch=EPOCH) == pytest.approx(BEGAN + 0.75, abs=0.002)


@pytest.mark.parametrize(
    "events",
    [
        [],
        [event(BEGAN + 0.5, "silent", "S1")],
        [event(BEGAN + 0.5, "silent", "S1"), event(BEGAN + 5, "failed", "S2")],
        [event(BEGAN + 0.5, "silent", "S1"), event(BEGAN - 1, "silent", "S2")],
        [event(BEGAN + 0.5, "silent", "S1"), event(BEGAN + 0.5, "joined", "S2")],
    ],
    ids=["nobody writes a log", "one is not told of", "too late", "another time before", "another kind"],
)
def test_after_the_promised_time_it_counts_as_detected(events: list[dict[str, str]]) -> None:
    assert detected_at(BEGAN, ["S1", "S2"], events, epoch=EPOCH) == BEGAN + PROMISED


def test_where_no_server_is_lost_the_promised_time_counts() -> None:
    assert detected_at(BEGAN, [], [event(BEGAN + 0.5, "silent", "S1")], epoch=EPOCH) == BEGAN + PROMISED


def test_a_request_belongs_to_the_time_at_which_it_began() -> None:
    requests = [
        request(BEGAN - 1),
        request(BEGAN + 0.5, seconds=10, **REFUSED),
        request(BEGAN + 1.1),
        request(BEGAN + 1.2, **REFUSED),
        request(BEGAN + 1.3, status=503),
        request(BEGAN + 1.4, status=503),
        request(BEGAN + 1.5, **BROKE_OFF),
    ]
    found = judge(requests, began=BEGAN, detected=BEGAN + 1)
    assert found.causes == {"ConnectionRefusedError": 1, "503": 2, "200": 1}
    assert found.figures == {
        "requests": 7,
        "failed before detection": 1,
        "failed after detection": 4,
        "seconds to detection": 1.0,
    }
