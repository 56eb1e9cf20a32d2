"""Which images a node loses, of those that carry the deployment's label. The docker that the role asks is none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.deployment import PROJECT
from tests.infra.make import environment

pytestmark = [pytest.mark.ansible]

ROLES = PROJECT / "infra/ansible/collections/ansible_collections/ringmaster/infra/roles"
USED, OLD, PULLED, THEIRS = (f"sha256:{digit * 64}" for digit in "1234")
LISTED = f"""\
{USED} a-ringmaster-server:00000000000a
{OLD} a-ringmaster-server:00000000000b
{OLD} someone/kept:1
{PULLED} registry.example:5000/ringmaster-swarm-edge:<none>
{THEIRS} someone/built-from-ours:1
{THEIRS} <none>:<none>
"""
DOCKER = """#!/bin/sh
echo "$*" >>"$SAID"
case "$1 $2" in "image ls") cat "$SAID.listed" ;; esac
"""


@pytest.mark.parametrize(
    ("tasks", "removed"),
    [
        ("sweep", ["image rm a-ringmaster-server:00000000000b", f"image rm {PULLED}"]),
        ("remove", [f"image rm a-ringmaster-server:00000000000a a-ringmaster-server:00000000000b {PULLED}"]),
    ],
)
def test_only_names_that_we_give_are_taken_away(tmp_path: Path, tasks: str, removed: list[str]) -> None:
    (tmp_path / "docker").write_text(DOCKER)
    (tmp_path / "docker").chmod(0o755)
    (tmp_path / "said.listed").write_text(LISTED)
    role = {"import_role": {"name": "ringmaster.infra.ringmaster_node_images", "tasks_from": tasks}}
    play: dict[str, Any] = {"hosts": "localhost", "connection": "local", "gather_subset": ["!all"], "tasks": [role]}
    (tmp_path / "play.yml").write_text(json.dumps([play]))
    variables = {"ansible_python_interpreter": sys.executable, "ringmaster_node_images_kept": [USED]}
    done = subprocess.run(
        ["ansible-playbook", "--inventory", "localhost,", "-e", json.dumps(variables), tmp_path / "play.yml"],
        env=environment(
            PATH=f"{tmp_path}:{os.environ['PATH']}", ANSIBLE_ROLES_PATH=str(ROLES), SAID=str(tmp_path / "said")
        ),
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert [line for line in (tmp_path / "said").read_text().splitlines() if " rm " in line] == removed
