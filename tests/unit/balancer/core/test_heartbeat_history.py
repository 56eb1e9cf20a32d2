"""Misses of heartbeats that overlap: what counts is the order of sending, whatever order the results come in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from balancer.core.heartbeat_history import HeartbeatHistory

Result = tuple[int, bool]
"""A heartbeat's number and whether it was good."""


def history(*results: Result, strikes: int = 2) -> HeartbeatHistory:
    known = HeartbeatHistory(strikes=strikes)
    for number, alive in results:
        known = known.with_result(number, alive=alive)
    return known


@pytest.mark.parametrize(
    ("beats", "silent"),
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
def test_a_server_is_silent_after_its_strikes_in_a_row(beats: str, silent: bool) -> None:
    assert history(*((number, beat == "+") for number, beat in enumerate(beats, 1)), strikes=3).is_silent is silent


def test_one_strike_may_be_enough() -> None:
    assert history((1, False), strikes=1).is_silent


def test_a_late_miss_of_a_heartbeat_before_a_good_one_does_not_count() -> None:
    assert not history((3, True), (1, False), (2, False), (4, False)).is_silent


def test_a_late_answer_takes_back_the_misses_before_it_and_not_those_after_it() -> None:
    assert not history((1, False), (3, False), (2, True)).is_silent
    assert history((1, False), (3, False), (4, False), (2, True)).is_silent


@st.composite
def results_in_any_order(draw: st.DrawFn) -> list[Result]:
    return draw(st.permutations(list(enumerate(draw(st.lists(st.booleans(), max_size=12)), 1))))


@given(results_in_any_order(), st.integers(1, 4))
def test_it_is_silent_when_as_many_as_strikes_after_the_newest_good_one_were_missed(
    results: list[Result], strikes: int
) -> None:
    """After every single result, and whatever was forgotten on the way."""
    for end in range(len(results) + 1):
        known = results[:end]
        answered = max((number for number, alive in known if alive), default=0)
        misses = [number for number, alive in known if not alive and number > answered]
        now = history(*known, strikes=strikes)
        assert now.is_silent is (len(misses) >= strikes)
        assert len(now.missed) <= 2 * strikes
        assert now.is_long_silent is (len(misses) >= 2 * strikes)
        assert now.is_answering is (answered > 0 and len(misses) < strikes)


@given(results_in_any_order())
def test_the_order_of_the_results_makes_no_difference_in_the_end(results: list[Result]) -> None:
    assert history(*results) == history(*sorted(results))
