"""How long a heartbeat may take: it follows the answers of the whole fleet."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from balancer.core.heartbeat_timeout import HeartbeatTimeout

FAST = [0.005] * 50


def allowed(*answers: float, answered: bool = True) -> float:
    """The seconds that a heartbeat may take after good answers that took so long; `answered`: a
    heartbeat that was sent later was answered, too."""
    timeout = HeartbeatTimeout(most=5)
    for number, seconds in enumerate(answers):
        timeout = timeout.after_answer(number, number + seconds)
    sent = 0.0 if answered else len(answers)
    return timeout.deadline(sent, 0.4) - sent


def test_a_heartbeat_may_take_its_timeout_while_answers_are_fast() -> None:
    assert allowed(*FAST) == pytest.approx(0.4, abs=0.01)


def test_a_single_slow_answer_buys_more_time_for_a_moment_only() -> None:
    assert allowed(*FAST, 0.35) > 0.6
    assert allowed(*FAST, 0.35, *FAST[:15]) < 0.44


def test_while_answers_are_slow_a_heartbeat_may_take_longer() -> None:
    slow = [0.1, 0.3, 0.05, 0.2, 0.15, 0.3]
    assert 0.6 < allowed(*slow) < 2
    assert allowed(*slow, *FAST) == pytest.approx(0.4, abs=0.01)


def test_while_nobody_answers_a_heartbeat_may_take_longest() -> None:
    assert allowed(answered=False) == allowed(*FAST, answered=False) == 2


@given(st.lists(st.floats(0, 100), min_size=1, max_size=50))
def test_the_timeout_has_its_bounds(answers: list[float]) -> None:
    assert 0.4 <= allowed(*answers) <= 2


@given(st.lists(st.floats(0, 100), min_size=1), st.floats(0, 100), st.floats(0, 100))
def test_heartbeats_end_in_the_order_of_sending(answers: list[float], one: float, other: float) -> None:
    timeout = HeartbeatTimeout()
    for sent in answers:
        timeout = timeout.after_answer(sent, sent + 0.3)
    first, second = sorted((one, other))
    assert timeout.deadline(first, 0.4) <= timeout.deadline(second, 0.4)


def test_with_a_factor_of_one_a_heartbeat_may_take_its_timeout_and_no_longer() -> None:
    assert HeartbeatTimeout(most=1).deadline(7.0, 0.4) == 7.4


def test_a_heartbeat_that_was_sent_with_the_newest_answered_one_gets_no_more_time_than_that_one() -> None:
    timeout = HeartbeatTimeout(most=5).after_answer(7.0, 7.0)
    assert timeout.deadline(7.0, 0.4) == 7.4
    assert timeout.deadline(7.5, 0.4) == 7.5 + 2


def test_mean_and_deviation_follow_the_latest_answers_by_an_eighth_and_a_quarter() -> None:
    """As TCP's do (RFC 6298)."""
    once = HeartbeatTimeout().after_answer(10.0, 10.8)
    assert (once.mean, once.deviation) == pytest.approx((0.1, 0.2))
    twice = once.after_answer(11.0, 11.2)
    assert (twice.mean, twice.deviation) == pytest.approx((0.1 + 0.1 / 8, 0.2 + (0.1 - 0.2) / 4))
