"""What watching costs is the difference to the turn of the same round in which nobody watches."""

from __future__ import annotations

import pytest

from loadtests.watching import MOST, report


def test_a_cost_is_the_median_of_the_rounds_differences() -> None:
    found = {
        "nobody watches": [0.10, 0.30, 0.20],
        "scraped every 15 s": [0.104, 0.303, 0.9],
        "the page is open": [0.105, 0.306, 0.205],
    }
    text, is_cheap = report(found, 64)
    assert is_cheap
    assert "At rest with 64 servers" in text
    assert [cell.strip() for cell in text.splitlines()[-2].split("|")[1:-1]] == [
        "scraped every 15 s",
        "30.30%",
        "+0.40%",
    ]


@pytest.mark.parametrize(("more", "is_cheap"), [(MOST * 0.9, True), (MOST * 1.1, False)])
def test_more_than_a_hundredth_of_a_core_is_too_much(more: float, is_cheap: bool) -> None:
    found = {"nobody watches": [0.1], "scraped every 15 s": [0.1], "the page is open": [0.1 + more]}
    assert report(found, 3)[1] is is_cheap
