"""Growth: by how much counters grew between two readings, where a counter may begin anew."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import NamedTuple, TypeVar

from balancer.core.server_load import ServerCounters

Source = TypeVar("Source", bound=Hashable)


class Growth(NamedTuple):
    """So many requests more, and so many of them errors."""

    requests: int = 0
    errors: int = 0

    def plus(self, other: Growth) -> Growth:
        return Growth(self.requests + other.requests, self.errors + other.errors)


NONE = Growth()
_NEW = ServerCounters()


def growth(before: Mapping[Source, ServerCounters], now: Mapping[Source, ServerCounters]) -> dict[Source, Growth]:
    """source → its growth. A source that was not there before began at 0, and one whose requests fell began anew."""
    return {source: _grown(before.get(source, _NEW), counters) for source, counters in now.items()}


def _grown(before: ServerCounters, now: ServerCounters) -> Growth:
    known = _NEW if now.requests < before.requests else before
    return Growth(now.requests - known.requests, max(0, now.errors - known.errors))
