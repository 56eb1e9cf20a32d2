"""What the container's own health check gets."""

from __future__ import annotations

import pytest

from balancer.http.readiness import create_readiness_app
from tests.unit.balancer.in_memory import InMemoryBalancer


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_it_gets_both_reports_without_a_token(path: str) -> None:
    balancer = InMemoryBalancer().started()
    answer = create_readiness_app(balancer.health).test_client().get(path)
    assert (answer.status_code, answer.get_json()["ready"]) == (200, True)


def test_it_gets_nothing_else() -> None:
    balancer = InMemoryBalancer().started()
    answer = create_readiness_app(balancer.health).test_client().get("/ring")
    assert (answer.status_code, answer.get_json()["status"]) == (404, "failure")
