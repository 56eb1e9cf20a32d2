"""Settings and fixtures of the balancer's unit tests."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

from tests.unit.balancer.in_memory import InMemoryBalancer

# The tests run on two busy cores: so no example has a deadline, and the number of examples keeps the run short.
settings.register_profile("ringmaster", deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ringmaster")


@pytest.fixture
def balancer() -> InMemoryBalancer:
    """A balancer whose first three servers serve."""
    return InMemoryBalancer().started()
