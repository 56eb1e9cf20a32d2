"""Silence: what is known of a server that misses its heartbeats, and when it counts as hung.

A busy server is silent, too: where it handles one connection at a time, a heartbeat waits behind a request, or behind
a connection that the data plane keeps idle.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from balancer.core.activity import Activity

Identity = tuple[int, int]
"""A Server's `identity`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """`since`: when the silence was noticed. `alive_at`: the time of the last sign of life, which is an answered
    heartbeat or progress of the plane's counters. `activity`: what the plane counted last. `closed_after`: the number
    of the newest heartbeat that was sent before the plane closed what it keeps idle at the server; None: that is to be
    done (again). `abandoned`: a request ended without a response, and the server may still work on it."""

    since: float
    alive_at: float
    activity: Activity
    closed_after: int | None = None
    abandoned: bool = False

    def looked_at(self, now: float, activity: Activity, *, is_fed: bool) -> Silence:
        """The silence after another look at the plane's counters. `is_fed`: the server gets new requests. The bytes of
        these go to a hung server, too, as far as the kernel takes them: they are no sign of life."""
        before = self.activity
        has_given = activity.given > before.given
        has_ended = activity.in_flight < before.in_flight
        is_alive = has_given or (not is_fed and activity.taken > before.taken)
        return replace(
            self,
            alive_at=now if is_alive else self.alive_at,
            activity=activity,
            # The connection of a response that has ended is kept idle, and may block the server's only thread again.
            closed_after=None if has_given or has_ended else self.closed_after,
            abandoned=self.abandoned or (has_ended and not has_given),
        )

    def closed(self, newest: int) -> Silence:
        """The silence after the plane closed what it keeps idle. `newest`: the newest heartbeat before that."""
        return replace(self, closed_after=newest)

    def answered(self, at: float) -> Silence:
        """The silence of a server whose last answered heartbeat came `at` that time."""
        return replace(self, alive_at=max(self.alive_at, at))

    @property
    def is_idle(self) -> bool:
        return not self.activity.in_flight and not self.abandoned

    def is_lifeless(self, now: float, *, hang_timeout: float) -> bool:
        return now - self.alive_at >= hang_timeout

    def is_hung(self, missed: Collection[int], now: float, *, strikes: int, hang_timeout: float) -> bool:
        """Whether the server counts as hung: it gave no sign of life for `hang_timeout` seconds, or it has nothing in
        flight and missed `strikes` heartbeats that were sent after its idle connections were closed. `missed`: the
        numbers of the newest heartbeats that it missed."""
        if self.is_lifeless(now, hang_timeout=hang_timeout):
            return True
        if not self.is_idle or self.closed_after is None:
            return False
        return sum(number > self.closed_after for number in missed) >= strikes


@dataclass(frozen=True, slots=True, kw_only=True)
class Silences:
    """The servers, by identity, that are silent; that answer their heartbeats; that count as hung; that gave no sign of
    life for `hang_timeout`; and whose first process is stopped by a signal."""

    silent: frozenset[Identity] = frozenset()
    answering: frozenset[Identity] = frozenset()
    hung: frozenset[Identity] = frozenset()
    lifeless: frozenset[Identity] = frozenset()
    stopped: frozenset[Identity] = frozenset()


NOBODY = Silences()
