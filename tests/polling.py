"""Waits for a condition instead of a fixed time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_PAUSE = 0.05
_BUSY = 3
"""How many times as long a condition may take while the machine is busy with other tests as on a machine at rest. Only
tests that fail take longer for it."""


def until(condition: Callable[[], T | None], what: str, *, within: float, pause: float = _PAUSE) -> T:
    """Calls `condition` every `pause` seconds and returns its first true value. After _BUSY times `within` seconds it
    fails with `what` and the last value."""
    end = time.monotonic() + _BUSY * within
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {_BUSY * within:g} s: {what}; last seen: {value!r}")
        time.sleep(pause)


def stays(condition: Callable[[], object], what: str, *, seconds: float) -> None:
    """Fails with `what` where `condition` is false at some check within `seconds` seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert condition(), f"no longer: {what}"
        time.sleep(_PAUSE)
