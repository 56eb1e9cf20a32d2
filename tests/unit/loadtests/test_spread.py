"""Spread and interval against answers known from elsewhere."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loadtests.spread import Spread, interval

EVEN = (1 / 3, 1 / 3, 1 / 3)


def test_an_even_spread() -> None:
    spread = Spread((100, 100, 100), EVEN)
    assert (spread.total, spread.mean, spread.highest, spread.lowest) == (300, 100, 100, 100)
    assert (spread.deviation, spread.max_over_mean) == (0, 1)
    assert spread.fit.p == 1


def test_known_figures() -> None:
    """2, 4, 4, 4, 5, 5, 7, 9 has mean 5 and deviation 2."""
    spread = Spread((2, 4, 4, 4, 5, 5, 7, 9), (1 / 8,) * 8)
    assert (spread.mean, spread.deviation, spread.max_over_mean) == (5, 2, 1.8)


def test_the_course_shares_of_the_handout() -> None:
    """84.375 %, 4.6875 % and 10.9375 %: 2.53 times the mean."""
    spread = Spread((8437, 469, 1094), (0.84375, 0.046875, 0.109375))
    assert spread.predicted_max_over_mean == pytest.approx(2.53125)
    assert spread.max_over_mean == pytest.approx(2.531, abs=0.001)
    assert spread.fit.p > 0.99


def test_a_server_that_gets_5_percent_too_much_of_10_000_does_not_fit() -> None:
    assert Spread((3833, 3084, 3083), EVEN).fit.p < 1e-6


def test_nothing_sent_is_even() -> None:
    assert Spread((0, 0), (0.5, 0.5)).max_over_mean == 1


@pytest.mark.parametrize(("counts", "predicted"), [((), ()), ((1, 2), (1.0,))])
def test_what_is_no_spread(counts: tuple[int, ...], predicted: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="for every server"):
        Spread(counts, predicted)


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=20))
def test_the_peak_is_between_1_and_n_times_the_mean(counts: list[int]) -> None:
    spread = Spread(tuple(counts), (1 / len(counts),) * len(counts))
    assert 1 <= spread.max_over_mean <= len(counts) + 1e-9
    assert spread.lowest <= spread.mean <= spread.highest


@pytest.mark.parametrize(
    ("count", "total", "low", "high"),
    [(0, 10, 0.0, 0.2775), (5, 10, 0.2366, 0.7634), (10, 10, 0.7225, 1.0), (81, 263, 0.2553, 0.3662)],
)
def test_intervals_that_newcombe_printed(count: int, total: int, low: float, high: float) -> None:
    """Newcombe (1998), table I, method 3 (81/263), and the usual examples of ten."""
    assert interval(count, total) == pytest.approx((low, high), abs=1e-4)


@given(st.integers(1, 10**6), st.data())
def test_the_interval_contains_the_share(total: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, total))
    low, high = interval(count, total)
    assert 0 <= low <= count / total + 1e-12
    assert count / total - 1e-12 <= high <= 1
    assert high - low <= 2 * 1.96 / math.sqrt(total)


@pytest.mark.parametrize(("count", "total"), [(1, 0), (-1, 5), (6, 5)])
def test_what_is_no_share(count: int, total: int) -> None:
    with pytest.raises(ValueError, match="is no share"):
        interval(count, total)
