"""What is in flight at one server, as a data plane counts it."""

from __future__ import annotations

from balancer.core.activity import IDLE
from balancer.ports.data_plane import DataPlane


def in_flight(plane: DataPlane, instance: str) -> int:
    return plane.activity().get(instance, IDLE).in_flight
