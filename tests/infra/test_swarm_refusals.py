"""What a deployment on several hosts refuses before it looks at any of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.infra.inventory import Inventory

pytestmark = [pytest.mark.ansible]

PLAIN = {"ringmaster_variables": {"swarm": {"firewalled": False}}}


@pytest.fixture
def inventory(tmp_path: Path) -> Inventory:
    return Inventory(tmp_path / "hosts.json", tmp_path)


def test_workers_without_a_manager(inventory: Inventory) -> None:
    inventory.write(workers=["localhost"])
    run = inventory.play("deploy.yml", ringmaster_token="t")  # noqa: S106 (a token of nobody)
    assert run.code != 0
    assert "The inventory has swarm_workers and no swarm_managers. Write one host, or better three" in run.prose
    assert run.changed == {"localhost": 0}


def test_a_host_that_is_neither_manager_nor_worker(inventory: Inventory) -> None:
    inventory.write(managers=["manager"], others=["localhost"])
    run = inventory.play("deploy.yml", "--limit", "localhost", ringmaster_token="t")  # noqa: S106 (a token of nobody)
    assert run.code != 0
    assert "The inventory makes a Swarm, and localhost is neither in swarm_managers nor in swarm_workers." in run.prose
    assert run.changed == {"localhost": 0}


def test_no_token(inventory: Inventory) -> None:
    inventory.write(managers=["localhost"])
    run = inventory.play("deploy.yml", ringmaster_tls="self-signed")
    assert run.code != 0
    assert "it answers nobody without a token" in run.prose
    assert "export RINGMASTER_TOKEN=$(openssl rand -hex 32)" in run.prose
    assert run.changed == {"localhost": 0}


def test_neither_tls_nor_a_firewall(inventory: Inventory) -> None:
    inventory.write(managers=["localhost"])
    run = inventory.play("deploy.yml", ringmaster_token="t", **PLAIN)  # noqa: S106 (a token of nobody)
    assert run.code != 0
    assert "On Swarm the ports are open on every address of every node. Take TLS=" in run.prose
    assert run.changed == {"localhost": 0}
