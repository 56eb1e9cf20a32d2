"""Both faces of a balancer in memory, as a client sees them."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from balancer.http.public import create_public_app
from tests.unit.balancer.in_memory import InMemoryBalancer, control_app, gate


@pytest.fixture
def client(balancer: InMemoryBalancer) -> FlaskClient:
    """The public side behind an edge, without a token."""
    return create_public_app(balancer.fleet, gate=gate(balancer), forward=None).test_client()


@pytest.fixture
def control(balancer: InMemoryBalancer) -> FlaskClient:
    return control_app(balancer).test_client()
