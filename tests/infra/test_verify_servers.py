"""What `make verify INVENTORY=` says of servers, and `make up` of a deployment that runs in another way, with a
stand-in for the command docker."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.deployment import PROJECT
from tests.infra.inventory import Inventory, Played

pytestmark = [pytest.mark.ansible]

PLAYBOOK = """
- hosts: all
  gather_facts: false
  environment: {PATH: "%s:{{ lookup('ansible.builtin.env', 'PATH') }}"}
  tasks:
    - ansible.builtin.include_role: {name: ringmaster.infra.ringmaster_deployment, tasks_from: %s}
"""
DOCKER = """#!/bin/sh
case "$1 $2" in
"service ls") echo one ;;
*) printf '%%s\\n' %s ;;
esac
"""


def played(folder: Path, tasks: str, *lines: str, swarm: bool = True, **variables: Any) -> Played:
    """`lines`: what the engine, or the Swarm, has."""
    docker = folder / "docker"
    docker.write_text(DOCKER % " ".join(f"'{line}'" for line in lines))
    docker.chmod(0o755)
    playbook = folder / "play.yml"
    playbook.write_text(PLAYBOOK % (folder, tasks))
    inventory = Inventory(folder / "hosts.json", folder)
    inventory.write(managers=["localhost"] if swarm else [], others=[] if swarm else ["localhost"])
    return inventory.play(playbook, ringmaster_checkout=str(PROJECT), **variables)


@pytest.mark.parametrize(("services", "missing"), [(["S1", "S2", "spare"], ""), (["S1"], "S2")])
def test_every_server_that_the_balancer_names_has_a_service(tmp_path: Path, services: list[str], missing: str) -> None:
    rep = {"json": {"message": {"N": 2, "replicas": ["S1", "S2"]}}}
    run = played(tmp_path, "verify_servers", *services, ringmaster_deployment_rep=rep)
    assert (run.code != 0) == bool(missing), run.output
    assert ("The balancer names S2, of which Swarm has no service." in run.prose) == bool(missing)


@pytest.mark.parametrize("swarm", [True, False])
def test_what_runs_in_the_way_that_the_inventory_says_goes_on(tmp_path: Path, swarm: bool) -> None:
    run = played(tmp_path, "runtime", "ringmaster-edge.1=ringmaster-edge" if swarm else "ringmaster-edge=", swarm=swarm)
    assert run.code == 0, run.output


def test_a_deployment_on_one_engine_becomes_none_on_a_swarm(tmp_path: Path) -> None:
    run = played(tmp_path, "runtime", "ringmaster-edge=", "S1=")
    assert run.code != 0
    assert "runs on one engine (ringmaster-edge, S1), and this inventory is for a Swarm" in run.prose
    assert "make down DEPLOYMENT=ringmaster" in run.prose


def test_a_deployment_on_a_swarm_becomes_none_on_one_engine(tmp_path: Path) -> None:
    run = played(tmp_path, "runtime", "ringmaster-edge.x1=ringmaster-edge", swarm=False)
    assert run.code != 0
    assert "runs on a Swarm (ringmaster-edge.x1), and this inventory is for one host" in run.prose
