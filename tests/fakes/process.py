"""A balancer process that a test lets die before any of its calls to a port."""

from __future__ import annotations

from tests.fakes.fault import Fault


class Crash(BaseException):
    """The process is dead. It is no Exception, so that no error handler of the balancer catches it."""


class Process:
    """All fakes of one balancer share a Process. After its death every call of a fake raises Crash and does nothing."""

    def __init__(self) -> None:
        self._death = Fault()

    def dies(self, *, after: int) -> None:
        """The process dies after `after` more calls."""
        self._death.arm(after=after)

    def restarts(self) -> None:
        self._death.clear()

    def acts(self) -> None:
        """Every call of a fake begins with this. Raises Crash after the death."""
        if self._death.hits:
            raise Crash
