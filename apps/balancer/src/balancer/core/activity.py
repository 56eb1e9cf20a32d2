"""The activity of one server, as its data plane counts it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Activity:
    """`in_flight`: requests that the server is answering or that wait for it. `given` grows with every response and
    every byte that comes from the server, `taken` with every byte that goes to it."""

    in_flight: int = 0
    given: int = 0
    taken: int = 0


IDLE = Activity()
"""The activity of a server that the plane does not know."""
