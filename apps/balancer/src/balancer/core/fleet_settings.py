"""What the settings say of the fleet, as far as a restart or another setting may change it."""

from __future__ import annotations

from dataclasses import dataclass

from balancer.core.release import Release
from balancer.core.ring_profile import RingProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetSettings:
    """`initial`: the hostnames of the first fleet. `surge` and `batch` belong to a deploy of another `release`: so many
    new containers are started at once, and so many of them take over at once."""

    initial: tuple[str, ...]
    profile: RingProfile
    release: Release
    surge: int = 1
    batch: int = 1
