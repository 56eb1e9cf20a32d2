"""What the balancer's unit tests share."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

from tests.unit.balancer.in_memory import InMemoryBalancer

# Two noisy cores: no example has a deadline, and the count is what keeps the run short.
settings.register_profile("ringmaster", deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ringmaster")


@pytest.fixture
def balancer() -> InMemoryBalancer:
    """A balancer whose first three servers serve."""
    return InMemoryBalancer().started()
