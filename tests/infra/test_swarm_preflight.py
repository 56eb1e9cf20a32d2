"""Which host of a Swarm is asked for the files that the variables name. The command docker is a stand-in."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.deployment import PROJECT
from tests.infra.inventory import Inventory, Played

pytestmark = [pytest.mark.ansible]

PLAYBOOK = """
- hosts: all
  gather_facts: true
  gather_subset: ["!all"]
  environment: {PATH: "%s:{{ lookup('ansible.builtin.env', 'PATH') }}"}
  tasks:
    - ansible.builtin.include_role: {name: ringmaster.infra.ringmaster_preflight}
"""


def looked_at(folder: Path, variable: str, *, managers: list[str]) -> Played:
    """`variable` names a file that is nowhere. Only localhost is looked at."""
    docker = folder / "docker"
    docker.write_text("#!/bin/sh\necho 28.0.0\n")
    docker.chmod(0o755)
    playbook = folder / "preflight.yml"
    playbook.write_text(PLAYBOOK % folder)
    inventory = Inventory(folder / "hosts.json", folder)
    inventory.write(managers=managers)
    return inventory.play(
        playbook,
        "--limit",
        "localhost",
        ringmaster_checkout=str(PROJECT),
        ringmaster_variables={variable: str(folder / "none.json")},
        ringmaster_preflight_free_megabytes=1,
    )


@pytest.mark.parametrize("variable", ["tokens_file", "registry_config"])
def test_the_first_manager_has_to_have_it(tmp_path: Path, variable: str) -> None:
    run = looked_at(tmp_path, variable, managers=["localhost", "other"])
    assert run.code != 0
    assert f"{variable} names {tmp_path}/none.json, which is no file on localhost." in run.prose


@pytest.mark.parametrize("variable", ["tokens_file", "registry_config"])
def test_another_node_has_not(tmp_path: Path, variable: str) -> None:
    run = looked_at(tmp_path, variable, managers=["first", "localhost"])
    assert run.code == 0, run.output
