"""Draws of keys against what their laws say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from random import Random

import pytest

from loadtests.chi_square import fit
from loadtests.swarm import keys

DRAWS = 20_000
KEYS = 50
ZIPF = [rank**-1.1 for rank in range(1, KEYS + 1)]
"""The weights of Zipf's law with the exponent 1.1."""


@pytest.fixture
def random() -> Random:
    return Random(1)  # noqa: S311 (repeatable, not secret)


def counts(draw: Callable[[], str]) -> list[int]:
    drawn = Counter(draw() for _ in range(DRAWS))
    assert set(drawn) <= {f"user-{number}" for number in range(KEYS)}
    return [drawn[f"user-{number}"] for number in range(KEYS)]


def p(counts: list[int], weights: list[float]) -> float:
    """How likely such counts are."""
    return fit(counts, [DRAWS * weight / sum(weights) for weight in weights]).p


def test_uniform_keys_are_as_frequent_as_each_other(random: Random) -> None:
    assert p(counts(keys.uniform(KEYS, random=random)), [1.0] * KEYS) > 0.001


def test_zipf_keys_follow_their_power_law(random: Random) -> None:
    assert p(counts(keys.zipf(KEYS, 1.1, random=random)), ZIPF) > 0.001


def test_another_exponent_is_another_law(random: Random) -> None:
    assert p(counts(keys.zipf(KEYS, 1.3, random=random)), ZIPF) < 1e-6


def test_an_exponent_of_nothing_is_uniform(random: Random) -> None:
    assert p(counts(keys.zipf(KEYS, 0, random=random)), [1.0] * KEYS) > 0.001
