"""Waiting for a condition, never for a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_PAUSE = 0.05


def until(condition: Callable[[], T | None], what: str, *, within: float, pause: float = _PAUSE) -> T:
    """The first true value of `condition`, asked every `pause` seconds. Fails with `what` and the last value."""
    end = time.monotonic() + within
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {within:g} s: {what}; last seen: {value!r}")
        time.sleep(pause)


def stays(condition: Callable[[], object], what: str, *, seconds: float) -> None:
    """For what must not happen: the condition is true whenever it is asked for so long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        assert condition(), f"no longer: {what}"
        time.sleep(_PAUSE)
