"""The images of a checkout that was made under umask 077: their user is neither owner nor group of its files."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deployment import PROJECT, base_image
from tests.infra.make import MODULE

pytestmark = [pytest.mark.docker]


def keep_to_owner(folder: Path) -> None:
    """All but what layers are cached by that take long."""
    for path in folder.rglob("*"):
        if path.name != "requirements.txt" and "wheels" not in path.relative_to(folder).parts:
            path.chmod(path.stat().st_mode & ~0o077)


@pytest.mark.parametrize(
    ("sources", "command"),
    [
        (PROJECT / "apps" / "server", ["python3", "-c", "import server, whole_answers, early_refusal"]),
        (PROJECT / "apps" / "balancer", ["python3", "-c", "import balancer.bootstrap, keeper, ringmaster"]),
        (
            MODULE / "modules" / "edge" / "image",
            ["-c", "for name in entrypoint healthcheck; do test -x $(which $name) || exit; done"],
        ),
    ],
    ids=["server", "balancer", "edge"],
)
def test_their_user_reads_them(tmp_path: Path, sources: Path, command: list[str]) -> None:
    checkout = tmp_path / "checkout"
    shutil.copytree(sources, checkout)
    keep_to_owner(checkout)
    image = f"test-{secrets.token_hex(3)}"
    build = [
        "docker",
        "build",
        "--quiet",
        f"--build-arg=BASE_IMAGE={base_image()}",
        "--build-arg=PACKAGES=",
        f"--tag={image}",
    ]
    built = subprocess.run(
        [*build, checkout], env=os.environ | {"DOCKER_BUILDKIT": "0"}, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stderr
    try:
        run = ["docker", "run", "--rm", *(["--entrypoint=sh"] if command[0] == "-c" else []), image, *command]
        done = subprocess.run(run, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    finally:
        subprocess.run(["docker", "image", "rm", image], stdout=subprocess.DEVNULL, check=True)
