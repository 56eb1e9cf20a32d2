"""Images of today, and how old the present ones are. The docker that the roles ask is none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.deployment import PROJECT
from tests.infra.make import environment

pytestmark = [pytest.mark.ansible]

ROLES = PROJECT / "infra/ansible/collections/ansible_collections/ringmaster/infra/roles"
DIGEST = f"debian@sha256:{'0' * 64}"
DOCKER = f"""#!/bin/sh
echo "$*" >>"$SAID"
case "$1 $2" in
"image ls") echo 0123456789ab ;;
"image inspect") echo '["{DIGEST}"]' ;;
"history "*) cat "$SAID.history-$(eval echo \\$$#)" ;;
esac
"""


def play(folder: Path, tasks: list[dict[str, Any]], **settings: Any) -> str:
    """Runs the tasks. What Ansible printed, on one line."""
    (folder / "docker").write_text(DOCKER)
    (folder / "docker").chmod(0o755)
    play = {"hosts": "localhost", "connection": "local", "gather_subset": ["!all"], "tasks": tasks}
    (folder / "play.yml").write_text(json.dumps([play]))
    variables = {"ansible_python_interpreter": sys.executable} | settings
    done = subprocess.run(
        ["ansible-playbook", "--inventory", "localhost,", "-e", json.dumps(variables), folder / "play.yml"],
        env=environment(
            PATH=f"{folder}:{os.environ['PATH']}", ANSIBLE_ROLES_PATH=str(ROLES), SAID=str(folder / "said")
        ),
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return " ".join(done.stdout.split())


def role(name: str, tasks_from: str = "main") -> dict[str, Any]:
    return {"import_role": {"name": f"ringmaster.infra.{name}", "tasks_from": tasks_from}}


@pytest.mark.parametrize("refresh", [True, False])
def test_a_refresh_pulls_the_base_again_and_what_was_pulled_is_pinned(tmp_path: Path, refresh: bool) -> None:
    tell = {"debug": {"msg": "on {{ ringmaster_base_image_reference }}"}}
    said = play(
        tmp_path,
        [role("ringmaster_base_image"), tell],
        ringmaster_base_image_name="debian:trixie-slim",
        ringmaster_refresh=refresh,
    )
    assert f"on {DIGEST}" in said
    assert ("pull --quiet debian:trixie-slim" in (tmp_path / "said").read_text()) == refresh


def test_verify_warns_of_old_packages_and_not_of_those_that_were_upgraded(tmp_path: Path) -> None:
    def day(ago: int) -> str:
        return f"{datetime.now(UTC) - timedelta(days=ago):%Y-%m-%dT%H:%M:%SZ}"

    start = f"{day(0)} CMD [x]\n"
    (tmp_path / "said.history-old").write_text(f"{start}{day(40)} RUN apt-get upgrade --yes\n{day(90)} \n")
    (tmp_path / "said.history-upgraded").write_text(f"{start}{day(3)} RUN apt-get upgrade --yes\n{day(90)} \n")
    outputs = {
        "images": {"value": {"balancer": "old", "edge": "upgraded", "server": "theirs"}},
        "image_names": {"value": {"server": "registry.example/shop:1"}},
    }
    tasks = role("ringmaster_deployment", "verify_images")
    said = play(tmp_path, [tasks], ringmaster_deployment_outputs=outputs)
    assert f"WARNING: The packages in the image of the balancer are of {day(40)[:10]}, 40 days old." in said
    assert "make up REFRESH=1" in said
    assert f"The packages in the image of the edge are of {day(3)[:10]}, 3 days old." in said
    assert said.count("WARNING: The packages") == 1
    assert "image of the server" not in said


@pytest.mark.parametrize("refresh", [True, False])
def test_the_day_of_a_refresh_is_kept_until_the_next_one(tmp_path: Path, refresh: bool) -> None:
    before = tmp_path / "before.json"
    before.write_text(json.dumps({"packages": "2026-01-01"}))
    tell = {"debug": {"msg": "packages of {{ ringmaster_deployment_variables.packages }}."}}
    said = play(
        tmp_path,
        [role("ringmaster_deployment", "packages"), tell],
        ringmaster_deployment_variables_file=str(before),
        ringmaster_deployment_docker_socket="/var/run/docker.sock",
        ringmaster_refresh=refresh,
    )
    assert ("packages of 2026-01-01." in said) != refresh
    assert (f"packages of {datetime.now(UTC):%Y-%m}" in said) == refresh
