"""The life of one balancer process: it may die before any of its calls to the outside world."""

from __future__ import annotations

from tests.fakes.fault import Fault


class Crash(BaseException):
    """The process is dead. Not an Exception: nothing that handles errors may survive it."""


class Process:
    """Shared by the fakes that one balancer uses. After its death every call of it fails without an effect."""

    def __init__(self) -> None:
        self._death = Fault()

    def dies(self, *, after: int) -> None:
        """Lets `after` more calls through, and then none."""
        self._death.arm(after=after)

    def restarts(self) -> None:
        self._death.clear()

    def acts(self) -> None:
        """Every port call begins with this."""
        if self._death.strikes:
            raise Crash
