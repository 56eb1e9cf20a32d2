"""The load of the fleet: requests in flight and response times."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Load:
    """`in_flight`: requests at all servers, waiting ones included. `latency`: seconds from a request to the head of its
    response, as the mean of recent responses; 0 where the last minute had too few responses."""

    in_flight: int
    latency: float
