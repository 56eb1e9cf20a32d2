"""What `make verify INVENTORY=` says of nodes, with a stand-in for the command docker."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.deployment import PROJECT
from tests.infra.inventory import Inventory, Played

pytestmark = [pytest.mark.ansible]

PLAYBOOK = """
- hosts: all
  gather_facts: false
  environment: {PATH: "%s:{{ lookup('ansible.builtin.env', 'PATH') }}"}
  tasks:
    - ansible.builtin.include_role: {name: ringmaster.infra.ringmaster_deployment, tasks_from: verify_nodes}
"""
DOCKER = """#!/bin/sh
case "$1 $2" in
"node ls") echo one; echo two ;;
"node inspect") printf '%%s\\n' %s ;;
esac
"""


def verified(folder: Path, *nodes: str) -> Played:
    """`nodes`: hostname, address and state of each."""
    docker = folder / "docker"
    docker.write_text(DOCKER % " ".join(f"'{node}'" for node in nodes))
    docker.chmod(0o755)
    playbook = folder / "verify.yml"
    playbook.write_text(PLAYBOOK % folder)
    inventory = Inventory(folder / "hosts.json", folder)
    inventory.write(managers=["localhost"])
    return inventory.play(playbook, ringmaster_checkout=str(PROJECT))


def test_nodes_that_are_ready_are_well(tmp_path: Path) -> None:
    run = verified(tmp_path, "node1 10.0.0.1 ready", "node2 10.0.0.2 ready")
    assert run.code == 0, run.output
    assert run.changed == {"localhost": 0}


def test_a_node_that_is_down_is_named(tmp_path: Path) -> None:
    run = verified(tmp_path, "node1 10.0.0.1 ready", "node2 10.0.0.2 down")
    assert run.code != 0
    assert "Swarm does not reach node2. See why with, on localhost: docker node ls" in run.prose
