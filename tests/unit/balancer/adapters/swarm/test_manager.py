"""What a manager is told beside a service, and what its refusals are about. With a real one: tests/swarm."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
import requests
from docker.errors import APIError

from balancer.adapters.swarm import manager
from balancer.adapters.swarm.manager import Manager, is_out_of_order


class Connection:
    """A docker.APIClient that notes with which headers a service was created."""

    api_version = "1.41"

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}

    def create_service(self, **arguments: Any) -> dict[str, str]:
        return {"ID": arguments["name"]}

    def close(self) -> None:
        """Nothing to do."""


@pytest.fixture
def connections(monkeypatch: pytest.MonkeyPatch) -> list[Connection]:
    """Every connection that is made."""
    made: list[Connection] = []

    def connect(timeout: int, version: str) -> Connection:
        made.append(Connection())
        return made[-1]

    monkeypatch.setattr(manager, "_connection", connect)
    return made


def test_the_node_of_a_new_service_pulls_with_the_credentials(connections: list[Connection]) -> None:
    credentials = {"username": "ann", "password": "secret"}
    assert Manager({}).create({"name": "S1"}, credentials) == "S1"
    told = [each.headers["X-Registry-Auth"] for each in connections if each.headers]
    assert [json.loads(base64.urlsafe_b64decode(header)) for header in told] == [credentials]


def test_without_credentials_none_are_told(connections: list[Connection]) -> None:
    assert Manager({}).create({"name": "S1"}, {}) == "S1"
    assert [each.headers for each in connections] == [{}, {}]


@pytest.mark.parametrize(
    ("status", "explanation", "expected"),
    [
        (503, "rpc error: code = Unknown desc = The swarm does not have a leader.", True),
        (503, "This node is not a swarm manager.", True),
        (500, "rpc error: code = Unknown desc = raft: failed to process the request: node lost leader status", True),
        (500, "rpc error: code = DeadlineExceeded desc = context deadline exceeded", True),
        (500, "network no-such-network not found", False),
        (400, "rpc error: code = InvalidArgument desc = invalid mount target", False),
    ],
)
def test_a_manager_that_cannot_change_anything_is_told_from_a_service_that_it_refuses(
    status: int, explanation: str, expected: bool
) -> None:
    response = requests.Response()
    response.status_code = status
    assert is_out_of_order(APIError("refused", response=response, explanation=explanation)) is expected
