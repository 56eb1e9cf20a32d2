"""The rate limit: how many requests a client may send in some seconds. It is read from a JSON object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from balancer.core.document import known_fields
from balancer.core.errors import InvalidRequest

BY = ("address", "key")


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimit:
    """At most `requests` requests in `seconds` seconds. `by`: "address" counts those of a client's address, "key" those
    with the same key. A request without a key counts for its address."""

    requests: int
    seconds: int
    by: str = "address"


def parse(document: Mapping[str, object]) -> RateLimit:
    """The rate limit in a JSON object such as {"requests":100,"seconds":10}. Raises InvalidRequest."""
    known_fields(document, "requests", "seconds", "by")
    by = document.get("by", "address")
    if by not in BY:
        raise InvalidRequest(f"by must be one of {', '.join(BY)}")
    return RateLimit(
        requests=_integer(document, "requests", 1_000_000), seconds=_integer(document, "seconds", 3600), by=str(by)
    )


def _integer(document: Mapping[str, object], field: str, most: int) -> int:
    value = document.get(field)
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
        raise InvalidRequest(f"{field} must be an integer from 1 to {most}")
    return value
