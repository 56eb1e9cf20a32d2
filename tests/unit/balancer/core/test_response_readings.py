"""The mean of recent response times, from counters that only grow."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from balancer.core.response_readings import ENOUGH, MEMORY, RECENT, ResponseReadings


def read(*stretches: tuple[float, int, float]) -> ResponseReadings:
    """A first reading, then one after each stretch of some seconds with so many responses that took so long each."""
    readings, at, responses, seconds = ResponseReadings().with_reading(0, responses=0, seconds=0), 0.0, 0, 0.0
    for length, more, each in stretches:
        at, responses, seconds = at + length, responses + more, seconds + more * each
        readings = readings.with_reading(at, responses=responses, seconds=seconds)
    return readings


def test_before_anything_was_seen_there_is_no_mean() -> None:
    assert ResponseReadings().mean == 0
    assert read().mean == 0


def test_it_is_the_mean_of_what_was_answered() -> None:
    assert read((RECENT, ENOUGH, 0.25)).mean == 0.25
    assert read((RECENT / 2, 30, 0.1), (RECENT / 2, 30, 0.3)).mean == 0.2


def test_few_responses_say_nothing() -> None:
    assert read((RECENT, ENOUGH - 1, 9)).mean == 0


def test_what_is_older_does_not_count_where_there_is_enough_that_is_new() -> None:
    assert read((1, 1000, 9), (RECENT, ENOUGH, 0.125)).mean == 0.125


def test_few_new_ones_are_seen_together_with_older_ones() -> None:
    assert read((1, ENOUGH, 0.3), (10, ENOUGH // 2, 0.1), (10, ENOUGH // 2, 0.5)).mean == 0.3


def test_where_nobody_asks_any_more_there_is_no_mean() -> None:
    assert read((1, 1000, 9), *[(0.5, 0, 0)] * 200).mean == 0


def test_readings_are_forgotten() -> None:
    assert len(read(*[(0.5, 1, 1)] * 1000).readings) == 1 + MEMORY / 0.5


@given(st.lists(st.tuples(st.floats(0.1, 5), st.integers(0, 500), st.floats(0, 10)), max_size=30))
def test_it_lies_between_the_fastest_and_the_slowest(stretches: list[tuple[float, int, float]]) -> None:
    asked = [each for _, more, each in stretches if more]
    mean = read(*stretches).mean
    assert mean == 0 or min(asked) - 1e-6 <= mean <= max(asked) + 1e-6
