"""What N may be after calls."""

from __future__ import annotations

import pytest

from loadtests.chaos.targets import possible_targets


@pytest.mark.parametrize(
    ("calls", "possible"),
    [
        ([], {6}),
        ([(2, 200)], {8}),
        ([(-1, 200), (2, 200)], {7}),
        ([(2, 409)], {6}),
        ([(2, 500)], {6}),
        ([(2, 0)], {6, 8}),
        ([(2, 502), (-1, 503)], {5, 6, 7, 8}),
        ([(-1, 200), (2, 0)], {5, 7}),
        ([(0, 202)], {6}),
    ],
)
def test_n_after_calls(calls: list[tuple[int, int]], possible: set[int]) -> None:
    assert possible_targets(6, calls) == possible
