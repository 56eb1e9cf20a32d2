"""Waits for a condition instead of a fixed time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_PAUSE = 0.05


def until(condition: Callable[[], T | None], what: str, *, within: float, pause: float = _PAUSE) -> T:
    """Calls `condition` every `pause` seconds and returns its first true value. After `within` seconds it fails with
    `what` and the last value."""
    end = time.monotonic() + within
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {within:g} s: {what}; last seen: {value!r}")
        time.sleep(pause)


def stays(condition: Callable[[], object], what: str, *, seconds: float) -> None:
    """Fails with `what` where `condition` is false at some check within `seconds` seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert condition(), f"no longer: {what}"
        time.sleep(_PAUSE)
