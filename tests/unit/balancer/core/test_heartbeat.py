"""Strikes in a row."""

from __future__ import annotations

import pytest

from balancer.core.heartbeat import HeartbeatPolicy, Pulse

POLICY = HeartbeatPolicy(interval=0.5, timeout=0.5, strikes=3)


@pytest.mark.parametrize(
    ("beats", "dead"),
    [
        ("", False),
        ("+++", False),
        ("--", False),
        ("---", True),
        ("----", True),
        ("--+--", False),
        ("--+---", True),
        ("---+", False),
    ],
)
def test_a_server_is_dead_after_three_misses_in_a_row(beats: str, dead: bool) -> None:
    pulse = Pulse()
    for beat in beats:
        pulse = pulse.beat(alive=beat == "+")
    assert pulse.has_failed(POLICY) is dead


def test_one_strike_may_be_enough() -> None:
    assert Pulse().beat(alive=False).has_failed(HeartbeatPolicy(interval=1, timeout=1, strikes=1))
