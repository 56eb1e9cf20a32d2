"""Both faces of a balancer in memory, as a client sees them. Each answer is compared with the OpenAPI document."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from balancer.http.public import create_public_app
from tests.unit.balancer.http.described_client import DescribedClient
from tests.unit.balancer.in_memory import InMemoryBalancer, control_app, gate


@pytest.fixture
def client(balancer: InMemoryBalancer) -> FlaskClient:
    """The public side behind an edge, without a token."""
    return DescribedClient(create_public_app(balancer.fleet, gate=gate(balancer), forward=None), TestResponse)


@pytest.fixture
def control(balancer: InMemoryBalancer) -> FlaskClient:
    return DescribedClient(control_app(balancer), TestResponse)
