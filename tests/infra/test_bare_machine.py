"""`--check --diff` on a machine that has nothing: no engine, no Terraform, no Go, nothing built.

The machine is a search path and an empty folder for what an engine is known by.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.deployment import PROJECT, free_ports
from tests.infra.make import TERRAFORM, Run, environment

pytestmark = [pytest.mark.ansible]

ABSENT = ("docker", "terraform", "go", "gofmt", "containerd", "runc", "podman")
DEPLOYMENT = "on-a-bare-machine"

Check = Callable[[str], Run]


@pytest.fixture
def check(tmp_path: Path) -> Check:
    """Runs a playbook in check mode there."""
    commands = tmp_path / "commands"
    commands.mkdir()
    for folder in os.environ["PATH"].split(os.pathsep):
        for file in Path(folder).glob("*"):
            if not file.name.startswith(ABSENT) and not (commands / file.name).is_symlink():
                (commands / file.name).symlink_to(file)
    (commands / "dpkg-query").unlink(missing_ok=True)
    (commands / "dpkg-query").write_text("#!/bin/sh\nexit 1\n")
    (commands / "dpkg-query").chmod(0o755)
    public, control = free_ports(2)
    variables: dict[str, Any] = {
        "ringmaster_deployment": DEPLOYMENT,
        "ringmaster_publish_port": public,
        "ringmaster_control_port": control,
        "ringmaster_terraform_cache": str(tmp_path / "cache"),
    }
    clean = {name: value for name, value in environment().items() if not name.startswith("DOCKER_")}

    def run(playbook: str) -> Run:
        done = subprocess.run(
            [
                str(Path(sys.executable).with_name("ansible-playbook")),
                *("--check", "--diff", f"infra/ansible/{playbook}", "--extra-vars", json.dumps(variables)),
            ],
            cwd=PROJECT,
            env=clean
            | {
                "PATH": str(commands),
                "HOME": str(tmp_path / "home"),
                "LC_ALL": "C.UTF-8",
                "ANSIBLE_CONFIG": str(PROJECT / "ansible.cfg"),
                "RINGMASTER_ENGINE_ROOT": str(tmp_path / "root"),
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert not (tmp_path / "cache").exists()
        assert not (TERRAFORM / ".deployments" / DEPLOYMENT).exists()
        return Run(done.returncode, done.stdout)

    return run


def test_a_deploy_tells_all_that_would_be_brought_in(check: Check) -> None:
    run = check("deploy.yml")
    assert run.code == 0, run.output
    assert "A Docker engine would be installed and started." in run.prose
    assert "debian:trixie-slim would be pulled, or where no registry answers a base image be built." in run.prose
    assert "Terraform would be downloaded" in run.prose
    assert f"Terraform would make the deployment {DEPLOYMENT}." in run.prose
    assert "when there is a Docker engine, Terraform, Terraform's provider, a base image." in run.prose


@pytest.mark.long
@pytest.mark.parametrize(
    ("playbook", "told"),
    [
        ("destroy.yml", "No Docker engine answers, so nothing can be removed."),
        ("observe.yml", "No Docker engine answers. Start it and try again."),
        ("verify.yml", f"There is no deployment {DEPLOYMENT} here."),
    ],
)
def test_what_needs_a_deployment_says_that_there_is_none(check: Check, playbook: str, told: str) -> None:
    run = check(playbook)
    assert run.code != 0
    assert told in run.prose
