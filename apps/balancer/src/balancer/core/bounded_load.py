"""Bounded load: no server gets more than c times its share of the requests in flight. Further requests walk on.

Source: Mirrokni, Thorup, Zadimoghaddam, "Consistent Hashing with Bounded Loads", 2018. Only integers are used: with
floats ceil(1.1 · 100 / 10) is 12.
"""

from __future__ import annotations

from fractions import Fraction

from balancer.core.errors import InvalidRequest


def parse(bound: object) -> Fraction | None:
    """c from a JSON number, exactly as its decimal digits say; None for off. Raises InvalidRequest."""
    if bound is None:
        return None
    if not isinstance(bound, int | float) or not 1 < bound <= 1000:
        raise InvalidRequest("bound must be null (off) or a number above 1, at most 1000, such as 1.25")
    return Fraction(repr(bound))


def cap(bound: Fraction, *, weight: int, total_weight: int, in_flight: int) -> int:
    """The most requests that a server may have, the new one included: ceil(c · w/Σw · (in flight + 1))."""
    return -(-bound.numerator * weight * (in_flight + 1) // (bound.denominator * total_weight))
