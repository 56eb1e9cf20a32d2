"""Which requests are in the access log: the setting `access_log`, and the part of the requests that it means."""

from __future__ import annotations

import re
from decimal import Decimal

ERRORS, ALL = "errors", "all"
EXPECTS = "errors, all, or a percentage such as 1% or 0.5%"

OF = 1_000_000
"""A part is a number of so many: 1% are 10 000."""

_PERCENTAGE = re.compile(r"([0-9]{1,2}(?:\.[0-9]{1,4})?)%")


def part(text: str) -> int:
    """How many of OF requests are logged of those that neither failed nor were repeated. Raises ValueError."""
    if text in (ERRORS, ALL):
        return OF if text == ALL else 0
    found = _PERCENTAGE.fullmatch(text)
    number = int(Decimal(found[1]) * (OF // 100)) if found else 0
    if not number:
        raise ValueError(f"access_log must be {EXPECTS}")
    return number
