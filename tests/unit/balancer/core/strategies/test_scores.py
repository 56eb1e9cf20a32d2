"""Scores: golden, and of many numbers at once the same as one by one."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from balancer.core.strategies.scores import lanes_of, mix, mixed, numbers_of

numbers = st.integers(0, 2**64 - 1)


def test_scores_are_golden() -> None:
    """Two rounds of splitmix64; a change of one bit would move slots of every deployment at its next update."""
    assert (mix(mix(0 + 1) ^ 1), mix(mix(511 + 1) ^ 3)) == (16860738450190168606, 17592924520485001129)


@given(st.lists(numbers))
@example([0, 2**64 - 1] * 10)
def test_many_at_once_are_the_same(values: list[int]) -> None:
    assert list(numbers_of(mixed(lanes_of(values)))) == [mix(value) for value in values]


@given(st.lists(st.tuples(numbers, numbers)))
def test_two_lists_are_mixed_pair_by_pair(pairs: list[tuple[int, int]]) -> None:
    some, others = [one for one, _ in pairs], [other for _, other in pairs]
    assert list(numbers_of(mixed(lanes_of(some), lanes_of(others)))) == [mix(one ^ other) for one, other in pairs]


def test_more_than_fit_at_once_are_mixed_in_parts() -> None:
    values = [2**64 - 1 - 7919 * number for number in range(2500)]
    assert list(numbers_of(mixed(lanes_of(values)))) == [mix(value) for value in values]
