"""The chi-square test against tables and against what it must say of clear cases."""

from __future__ import annotations

import math

import pytest

from loadtests.chi_square import fit, tail


@pytest.mark.parametrize(
    ("statistic", "degrees", "p"),
    [
        (3.841, 1, 0.05),
        (6.635, 1, 0.01),
        (5.991, 2, 0.05),
        (13.816, 2, 0.001),
        (27.631, 2, 1e-6),
        (7.815, 3, 0.05),
        (18.307, 10, 0.05),
        (29.588, 10, 0.001),
        (82.529, 63, 0.05),
    ],
)
def test_the_tail_is_that_of_the_tables(statistic: float, degrees: int, p: float) -> None:
    assert tail(statistic, degrees) == pytest.approx(p, rel=2e-3)


def test_no_difference_is_certain() -> None:
    assert tail(0.0, 4) == 1.0
    assert fit([10, 20], [10.0, 20.0]).p == 1.0


def test_one_class_fits_by_itself() -> None:
    assert fit([10_000], [10_000.0]).p == 1.0


def test_no_requests_tell_nothing() -> None:
    assert math.isnan(fit([0, 0], [0.0, 0.0]).p)


def test_a_difference_that_chance_makes_fits() -> None:
    assert fit([3350, 3320, 3330], [3333.3, 3333.3, 3333.4]).p > 0.5


def test_a_fleet_that_ignores_the_ring_does_not_fit() -> None:
    assert fit([3333, 3333, 3334], [8437.5, 468.75, 1093.75]).p < 1e-6


def test_a_server_that_should_get_nothing_and_gets_something_does_not_fit() -> None:
    assert fit([9999, 1], [10_000.0, 0.0]).p == 0.0
    assert fit([10_000, 0], [10_000.0, 0.0]).p == 1.0


def test_rare_classes_are_put_together() -> None:
    assert fit([100, 1, 2], [98.0, 2.0, 3.0]).degrees == 1
