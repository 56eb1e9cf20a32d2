"""Strikes of heartbeats that overlap: what counts is the order of sending, whatever order the results come in. And how
long they may take."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from balancer.core.heartbeat import Patience, Pulse

Result = tuple[int, bool]
"""A heartbeat's number and whether it was good."""


def pulse(*results: Result, strikes: int = 2) -> Pulse:
    pulse = Pulse(strikes=strikes)
    for number, alive in results:
        pulse = pulse.beat(number, alive=alive)
    return pulse


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
def test_a_server_is_dead_after_its_strikes_in_a_row(beats: str, dead: bool) -> None:
    assert pulse(*((number, beat == "+") for number, beat in enumerate(beats, 1)), strikes=3).has_failed is dead


def test_one_strike_may_be_enough() -> None:
    assert pulse((1, False), strikes=1).has_failed


def test_a_late_miss_of_a_heartbeat_before_a_good_one_does_not_count() -> None:
    assert not pulse((3, True), (1, False), (2, False), (4, False)).has_failed


def test_a_late_answer_takes_back_the_misses_before_it_and_not_those_after_it() -> None:
    assert not pulse((1, False), (3, False), (2, True)).has_failed
    assert pulse((1, False), (3, False), (4, False), (2, True)).has_failed


@st.composite
def results_in_any_order(draw: st.DrawFn) -> list[Result]:
    return draw(st.permutations(list(enumerate(draw(st.lists(st.booleans(), max_size=12)), 1))))


@given(results_in_any_order(), st.integers(1, 4))
def test_it_is_dead_when_as_many_as_strikes_after_the_newest_good_one_were_missed(
    results: list[Result], strikes: int
) -> None:
    """After every single result, and whatever was forgotten on the way."""
    for end in range(len(results) + 1):
        known = results[:end]
        answered = max((number for number, alive in known if alive), default=0)
        misses = [number for number, alive in known if not alive and number > answered]
        now = pulse(*known, strikes=strikes)
        assert now.has_failed is (len(misses) >= strikes)
        assert len(now.missed) <= strikes


@given(results_in_any_order())
def test_the_order_of_the_results_makes_no_difference_in_the_end(results: list[Result]) -> None:
    assert pulse(*results) == pulse(*sorted(results))


FAST = [0.005] * 50


def allowed(*answers: float, heard: bool = True) -> float:
    """The seconds that a heartbeat may take after good answers that took so long; `heard`: one that was sent later than
    it was answered, too."""
    patience = Patience(timeout=0.4, most=5)
    for number, seconds in enumerate(answers):
        patience = patience.answered(number, number + seconds)
    sent = 0.0 if heard else len(answers)
    return patience.ends(sent) - sent


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
    assert allowed(heard=False) == allowed(*FAST, heard=False) == 2


@given(st.lists(st.floats(0, 100), min_size=1, max_size=50))
def test_patience_has_its_bounds(answers: list[float]) -> None:
    assert 0.4 <= allowed(*answers) <= 2


@given(st.lists(st.floats(0, 100), min_size=1), st.floats(0, 100), st.floats(0, 100))
def test_heartbeats_end_in_the_order_of_sending(answers: list[float], one: float, other: float) -> None:
    patience = Patience(timeout=0.4)
    for sent in answers:
        patience = patience.answered(sent, sent + 0.3)
    first, second = sorted((one, other))
    assert patience.ends(first) <= patience.ends(second)


def test_a_probe_that_is_not_patient_waits_for_its_timeout_whoever_answers() -> None:
    assert Patience(timeout=0.4, most=1).ends(7.0) == 7.4


def test_a_heartbeat_that_was_sent_with_the_newest_answered_one_is_not_among_those_that_nobody_answers() -> None:
    patience = Patience(timeout=0.4, most=5).answered(7.0, 7.0)
    assert patience.ends(7.0) == 7.4
    assert patience.ends(7.5) == 7.5 + 2


def test_mean_and_spread_follow_the_latest_answers_by_an_eighth_and_a_quarter() -> None:
    """As TCP's do (RFC 6298)."""
    once = Patience(timeout=0.4).answered(10.0, 10.8)
    assert (once.mean, once.spread) == pytest.approx((0.1, 0.2))
    twice = once.answered(11.0, 11.2)
    assert (twice.mean, twice.spread) == pytest.approx((0.1 + 0.1 / 8, 0.2 + (0.1 - 0.2) / 4))
