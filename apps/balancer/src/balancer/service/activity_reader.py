"""Reads what the data plane counts of each server, and does not wait for long where an edge of many does not answer."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor

from balancer.core.activity import Activity
from balancer.core.errors import PlaneUnavailable
from balancer.ports.data_plane import DataPlane


class ActivityReader:
    """`within`: the seconds that a reading may take; None for as long as it takes. Only one thread may read.

    Of several hosts, one that dies holds up the sum until its edge's lease ends. Its servers must be off the ring
    before that."""

    def __init__(self, plane: DataPlane, *, within: float | None) -> None:
        self._plane = plane
        self._within = within
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="activity")
        self._late: Future[Mapping[str, Activity]] | None = None

    def read(self) -> Mapping[str, Activity] | None:
        """The activity of now, by instance; None where the plane does not answer, or not in time. An answer that comes
        too late is nobody's."""
        try:
            if self._within is None:
                return self._plane.activity()
            if self._late is not None and not self._late.done():
                return None
            self._late = self._pool.submit(self._plane.activity)
            return self._late.result(self._within)
        except (PlaneUnavailable, TimeoutError):
            return None
