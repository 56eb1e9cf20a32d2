"""The pull of the servers' image by Terraform's script, on a machine that lacks a command. Its docker is none."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.infra.make import MODULE

pytestmark = [pytest.mark.terraform]

DOCKER = """#!/bin/sh
[ "$1" = pull ] || exit 1
echo "no route to $2" >&2
exit 18
"""


@pytest.mark.parametrize("has_timeout", [True, False])
def test_the_engines_reason_is_told_with_the_command_timeout_and_without(tmp_path: Path, has_timeout: bool) -> None:
    (tmp_path / "docker").write_text(DOCKER)
    (tmp_path / "docker").chmod(0o755)
    for name in ("sh", *(["timeout"] if has_timeout else [])):
        (tmp_path / name).symlink_to(str(shutil.which(name)))
    pull = subprocess.run(
        [tmp_path / "sh", MODULE / "scripts" / "deployment.sh", "pull"],
        env={
            "PATH": str(tmp_path),
            "RINGMASTER_DEPLOYMENT": "shop",
            "RINGMASTER_DOCKER_HOST": "default",
            "RINGMASTER_IMAGES": "registry.example/shop:1.4",
            "RINGMASTER_PULL_TIMEOUT": "60",
            "RINGMASTER_REGISTRY_CONFIG": "",
        },
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert pull.returncode == 1
    reason, advice = pull.stderr.splitlines()
    assert reason == "no route to registry.example/shop:1.4"
    assert advice.startswith("registry.example/shop:1.4 cannot be pulled, and the engine's reason stands above.")
