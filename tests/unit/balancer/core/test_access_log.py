"""What the setting access_log means."""

from __future__ import annotations

import re

import pytest

from balancer.core.access_log import EXPECTS, OF, part


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("errors", 0),
        ("all", OF),
        ("1%", 10_000),
        ("0.5%", 5_000),
        ("01%", 10_000),
        ("12.25%", 122_500),
        ("99.9999%", 999_999),
        ("0.0001%", 1),
        ("0.29%", 2_900),
    ],
)
def test_a_part_of_the_requests_is_logged(text: str, known: int) -> None:
    assert part(text) == known


@pytest.mark.parametrize(
    "text", ["", "none", "%", "0%", "0.0000%", "100%", "1", "1.%", ".5%", "-1%", "1.00001%", "\uff11%"]
)
def test_what_is_no_part_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match=f"access_log must be {re.escape(EXPECTS)}"):
        part(text)
