"""How busy the fleet is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Load:
    """`in_flight`: requests at all servers, waiting ones included. `latency`: seconds from a request to the head of its
    response, the mean of recent ones; 0 where the last minute had too few responses to say."""

    in_flight: int
    latency: float
