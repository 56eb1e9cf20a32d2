"""Fleets as Hypothesis draws them: some servers serve, some are down, on any ring."""

from __future__ import annotations

from hypothesis import strategies as st

from balancer.core.fleet import Fleet
from balancer.core.ring_profile import RingProfile
from balancer.core.strategies import Course, Maglev, Ring, Table

PROFILES = [
    RingProfile(strategy=strategy) for strategy in (Table(slots=16), Course(slots=64), Ring(slots=16), Maglev(slots=16))
]


def serving(count: int, profile: RingProfile) -> Fleet:
    """S1 … S`count`."""
    names = [f"S{number}" for number in range(1, count + 1)]
    return Fleet.first(names, profile).fill({name: f"{name}:5000" for name in names})


@st.composite
def fleets(draw: st.DrawFn) -> Fleet:
    fleet = serving(draw(st.integers(0, 5)), draw(st.sampled_from(PROFILES)))
    return fleet.fail(draw(st.sets(st.sampled_from(fleet.replicas)))) if fleet.replicas else fleet
