"""The rate limit as a JSON object, and every way to be wrong."""

from __future__ import annotations

import re

import pytest

from balancer.core.errors import InvalidRequest
from balancer.core.rate_limit import RateLimit, parse


def test_it_counts_addresses_unless_it_says_keys() -> None:
    assert parse({"requests": 100, "seconds": 10}) == RateLimit(requests=100, seconds=10, by="address")
    assert parse({"requests": 1, "seconds": 3600, "by": "key"}) == RateLimit(requests=1, seconds=3600, by="key")


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"seconds": 10}, "requests must be an integer from 1 to 1000000"),
        ({"requests": 0, "seconds": 10}, "requests must be an integer from 1 to 1000000"),
        ({"requests": True, "seconds": 10}, "requests must be an integer"),
        ({"requests": 1.5, "seconds": 10}, "requests must be an integer"),
        ({"requests": 10}, "seconds must be an integer from 1 to 3600"),
        ({"requests": 10, "seconds": 3601}, "seconds must be an integer from 1 to 3600"),
        ({"requests": 10, "seconds": 1, "by": "user"}, "by must be one of address, key"),
        ({"requests": 10, "seconds": 1, "by": None}, "by must be one of address, key"),
        ({"requests": 10, "seconds": 1, "burst": 3}, '"burst" is not a field here; there is: requests, seconds, by'),
    ],
)
def test_a_limit_that_cannot_be_is_refused_with_its_field(document: dict[str, object], reason: str) -> None:
    with pytest.raises(InvalidRequest, match=re.escape(reason)):
        parse(document)
