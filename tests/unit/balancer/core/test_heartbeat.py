"""Which answers to a heartbeat are good."""

from __future__ import annotations

import pytest

from balancer.core.heartbeat import Heartbeat


@pytest.mark.parametrize(
    ("status", "good", "bad"),
    [
        ("200", [200], [199, 201, 204, 301, 500]),
        ("200,204", [200, 204], [201, 203, 205]),
        ("200-399", [200, 301, 399], [199, 400, 503]),
        ("200-299,404", [200, 299, 404], [300, 403, 405]),
    ],
)
def test_good_are_the_statuses_and_ranges_that_are_named(status: str, good: list[int], bad: list[int]) -> None:
    heartbeat = Heartbeat(status=status)
    assert all(heartbeat.accepts(number) for number in good)
    assert not any(heartbeat.accepts(number) for number in bad)


def test_a_heartbeat_within_a_time_never_takes_longer_than_it_would() -> None:
    heartbeat = Heartbeat("/up", timeout=5)
    assert heartbeat.within(2) == Heartbeat("/up", timeout=2)
    assert heartbeat.within(9) == heartbeat
