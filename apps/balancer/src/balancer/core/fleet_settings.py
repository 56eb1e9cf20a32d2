"""The fleet's settings that take effect at a start of the balancer: first fleet, ring profile and release."""

from __future__ import annotations

from dataclasses import dataclass

from balancer.core.release import Release
from balancer.core.ring_profile import RingProfile


@dataclass(frozen=True, slots=True, kw_only=True)
class FleetSettings:
    """`initial`: the hostnames of the first fleet. Where the settings name another `release`, its deploy starts `surge`
    new containers at once, and `batch` of them take over at once."""

    initial: tuple[str, ...]
    profile: RingProfile
    release: Release
    surge: int = 1
    batch: int = 1
