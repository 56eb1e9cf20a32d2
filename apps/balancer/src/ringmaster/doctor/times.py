"""Findings about time: certificates that end, and clocks that differ."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from ringmaster.doctor.finding import Finding, well, wrong

_SOON = timedelta(days=14)
_APART = 5.0
"""Seconds. The header Date is a second coarse, and the answer took a moment."""


def certificates(health: Mapping[str, Any], now: datetime) -> Iterator[Finding]:
    for certificate in health["certificates"]:
        left = datetime.fromisoformat(certificate["expires"]) - now
        if left < _SOON:
            end = f"ended {-left.days} days ago" if left < timedelta() else f"ends in {left.days} days"
            yield wrong(
                "certificate", f"{certificate['file']} {end}", "put a renewed one into the folder tls: docs/tls.md"
            )
        else:
            yield well("certificate", f"{certificate['file']} is good for {left.days} days")


def clock(date: str, now: datetime) -> Iterator[Finding]:
    """`date`: the header Date of an answer that came just now."""
    try:
        apart = (parsedate_to_datetime(date) - now).total_seconds()
    except (TypeError, ValueError):
        return
    if abs(apart) <= _APART:
        yield well("clock", "the balancer's is the one here")
        return
    which = "ahead of" if apart > 0 else "behind"
    yield wrong(
        "clock",
        f"the balancer's is {abs(apart):.0f} s {which} the one here",
        "set both by NTP: timedatectl set-ntp true",
    )
