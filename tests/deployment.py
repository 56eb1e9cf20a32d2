"""A real deployment for as long as a test needs it, made by Terraform from a copy of the root module.

It has its own name, prefix, ports and state, so that it stands beside whatever else runs on the engine.
"""

from __future__ import annotations

import logging
import os
import random
import secrets
import shutil
import socket
import sys
import tempfile
import time
import warnings
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import docker
from python_terraform import IsNotFlagged, Terraform

from tests.system import System

PROJECT = Path(__file__).parents[1]
BASE_IMAGES = ("ringmaster-base:trixie", "debian:trixie-slim")
"""In the order in which the playbook takes them."""
SOCKET = Path("/var/run/docker.sock")

# What Terraform says is in our own messages; python-terraform would log it as well, on one line.
logging.getLogger("python_terraform").setLevel(logging.CRITICAL)

_PORTS = range(20_000, 30_000)
"""Below the range from which the kernel takes ports for connections that go out."""
_STATE = ("terraform.tfstate*", ".terraform*", ".deployments")


class Deployment(System):
    """`with Deployment(replicas=2) as deployment:` has it up and ready, and leaves nothing of it behind.

    `variables` are the root module's, beside those that keep deployments apart; `override` is Terraform's text of what
    shall be otherwise in this copy of it, as in an override.tf.
    """

    def __init__(self, *, override: str = "", **variables: Any) -> None:
        name = f"test-{secrets.token_hex(3)}"
        public, control = free_ports(2)
        super().__init__(
            name,
            url=f"http://127.0.0.1:{public}",
            control_url=f"http://127.0.0.1:{control}",
            token=variables.get("token") or "",
        )
        self.variables = {
            "deployment": name,
            "name_prefix": f"{name}-",
            "publish_port": public,
            "control_port": control,
            "base_image": base_image(),
            "docker_gid": SOCKET.stat().st_gid,
            **variables,
        }
        self._folder = tempfile.TemporaryDirectory(prefix=f"{name}-")
        root = _copy(Path(self._folder.name))
        (root / "override.tf").write_text(override)
        self._terraform = Terraform(working_dir=str(root))
        self._began = time.time()

    def __enter__(self) -> Self:
        try:
            self._run("init")
            self.apply()
        except BaseException:
            for role, text in self.logs(since=self._began).items():
                sys.stderr.write(f"--- {role} of {self.deployment}\n{text}\n")
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def apply(self, **changes: Any) -> None:
        """Terraform's apply, with other values for some variables from now on; returns when N servers serve."""
        self.variables |= changes
        self._run("apply", skip_plan=True)

    def plan(self) -> str:
        """What Terraform would change; empty when nothing."""
        code, output = self._terraform_command("plan")
        assert code in (0, 2), output
        return output if code == 2 else ""

    def destroy(self) -> None:
        """Waits for an apply that an interrupt has left behind."""
        self._run("destroy", force=IsNotFlagged, auto_approve=True, lock_timeout="60s")

    @property
    def state(self) -> str:
        """What Terraform keeps of it."""
        return (Path(self._terraform.working_dir) / "terraform.tfstate").read_text()

    def outputs(self) -> dict[str, Any]:
        """name → value."""
        return {name: output["value"] for name, output in self._terraform.output().items()}

    def close(self) -> None:
        """Destroys it, as often as it is asked to, and sees to it that nothing of it is left."""
        try:
            self.destroy()
            assert not self.containers.belongings, f"left behind by {self.deployment}: {self.containers.belongings}"
        finally:
            self.containers.close()
            self._folder.cleanup()

    def _run(self, command: str, **options: Any) -> None:
        code, output = self._terraform_command(command, **options)
        assert code == 0, f"terraform {command}:\n{output}"

    def _terraform_command(self, command: str, **options: Any) -> tuple[int, str]:
        if not Path(os.environ.get("TF_CLI_CONFIG_FILE", "/")).exists():
            del os.environ["TF_CLI_CONFIG_FILE"]  # it costs a warning on every call
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # python-terraform says log.warn
            code, output, errors = getattr(self._terraform, command)(var=self.variables, **options)
        return code, output + errors


def free_ports(count: int) -> list[int]:
    """Different ports of 127.0.0.1 on which nobody listens now. No seed of `random` counts: two test processes with the
    same one would take the same ports."""
    ports: list[int] = []
    for port in random.SystemRandom().sample(_PORTS, len(_PORTS)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        ports.append(port)
        if len(ports) == count:
            return ports
    raise AssertionError(f"fewer than {count} free ports from {_PORTS.start} to {_PORTS.stop}")


def base_image() -> str:
    """The base image that the playbook brought in."""
    engine = docker.from_env()
    try:
        # In one question: images.list() asks for each image again, and another deployment's may be gone by then.
        present = {tag for image in engine.api.images() for tag in image["RepoTags"] or ()}
    finally:
        engine.close()
    found = next((name for name in BASE_IMAGES if name in present), None)
    assert found, f"no base image: none of {', '.join(BASE_IMAGES)} is on the engine; run: make host"
    return found


def _copy(folder: Path) -> Path:
    """The root module in `folder`, with the apps it builds beside it as in the project; returns the module's folder."""
    root = folder / "infra" / "terraform"
    shutil.copytree(PROJECT / "infra" / "terraform", root, ignore=shutil.ignore_patterns(*_STATE))
    (folder / "apps").symlink_to(PROJECT / "apps")
    return root
