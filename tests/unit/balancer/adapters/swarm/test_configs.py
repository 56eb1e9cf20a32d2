"""Which revisions a Swarm's configs take. With a real Swarm: tests/swarm/test_swarm_store.py."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import docker
import pytest

from balancer.adapters.swarm.configs import SwarmConfigs
from balancer.core.errors import Superseded


class Connection:
    """A docker.APIClient of a manager that keeps configs."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def create_config(self, name: str, data: bytes, *, labels: Mapping[str, str]) -> dict[str, str]:
        self.kept[name] = data
        return {"ID": name}

    def configs(self, **_: object) -> list[dict[str, Any]]:
        return [
            {"ID": name, "Spec": {"Name": name, "Data": base64.b64encode(data).decode()}}
            for name, data in self.kept.items()
        ]

    def remove_config(self, config: str) -> None:
        del self.kept[config]


@pytest.fixture
def connection(monkeypatch: pytest.MonkeyPatch) -> Connection:
    connection = Connection()
    monkeypatch.setattr(docker, "APIClient", lambda **_: connection)
    return connection


def revisions(connection: Connection) -> list[int]:
    return sorted(int(name.rpartition("-")[2]) for name in connection.kept)


def test_the_newest_two_are_kept(connection: Connection) -> None:
    configs = SwarmConfigs("shop", "")
    for expected in range(4):
        assert configs.replace(expected, b"%d" % expected) == expected + 1
    assert revisions(connection) == [3, 4]
    assert configs.newest() == (4, b"3")


@pytest.mark.parametrize("expected", [0, 1, 6, 2**31 - 1])
def test_a_number_that_does_not_follow_the_newest_is_not_taken(connection: Connection, expected: int) -> None:
    """A smaller one whose config was swept is free again. A far larger one would use up the numbers."""
    configs = SwarmConfigs("shop", "")
    for number in range(4):
        configs.replace(number, b"x")
    with pytest.raises(Superseded, match="another balancer has saved revision 4"):
        configs.replace(expected, b"late")
    assert revisions(connection) == [3, 4]
    assert configs.replace(4, b"next") == 5


def test_where_somebody_took_revisions_away_the_numbers_grow(connection: Connection) -> None:
    configs = SwarmConfigs("shop", "")
    for number in range(4):
        configs.replace(number, b"x")
    del connection.kept["ringmaster-state-shop-4"]
    assert configs.replace(4, b"y") == 5
    connection.kept.clear()
    assert configs.replace(5, b"z") == 6
    assert configs.newest() == (6, b"z")


def test_a_fleet_that_somebody_put_back_is_not_overwritten_before_a_restart(connection: Connection) -> None:
    configs = SwarmConfigs("shop", "")
    for number in range(9):
        configs.replace(number, b"x")
    connection.kept.clear()
    SwarmConfigs("shop", "").replace(0, b"put back")
    with pytest.raises(Superseded, match="another balancer has saved revision 1"):
        configs.replace(9, b"y")
    assert configs.newest() == (1, b"put back")
