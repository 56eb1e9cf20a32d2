"""A real deployment for a test, made by Terraform from a copy of the root module.

It has its own name, prefix, ports and state, so that it does not disturb anything else on the engine.
"""

from __future__ import annotations

import os
import random
import secrets
import shutil
import socket
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import docker

from tests.containers import image_names
from tests.system import System
from tests.terraform_root import PROJECT, Root

__all__ = ["PROJECT", "Deployment", "base_image", "free_ports"]

BASE_IMAGES = ("ringmaster-base:trixie", "debian:trixie-slim")
"""Base images, in the order in which the playbook prefers them."""
SOCKET = Path(os.environ.get("DOCKER_HOST", "").removeprefix("unix://") or "/var/run/docker.sock")
"""Of the engine. It is on this machine: tests kill processes, and read files, of their containers."""

_PORTS = range(20_000, 30_000)
"""Below the range from which the kernel takes ports for outgoing connections."""
_given: set[int] = set()


class Deployment(System):
    """In `with Deployment(replicas=2) as deployment:` the deployment is up and ready; afterwards nothing of it is left.

    `variables`: variables of the root module, beside those that keep deployments apart. `override`: Terraform's text of
    what is to be different in this copy of the module ringmaster, as in an override.tf.
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
        settings: dict[str, Any] = {
            "deployment": name,
            "name_prefix": f"{name}-",
            "publish_port": public,
            "control_port": control,
            "base_image": base_image(),
            "docker_socket": str(SOCKET),
            "docker_gid": SOCKET.stat().st_gid,
            **variables,
        }
        self._root = Root(module_override=override, **settings)
        self._began = time.time()

    def __enter__(self) -> Self:
        try:
            self._root.init()
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
        """Runs `terraform apply`, with `changes` of the variables from now on. Returns when N servers serve."""
        self._root.variables |= changes
        self._root.apply()

    def plan(self) -> str:
        """The plan of Terraform; empty where nothing would change."""
        return self._root.plan()

    def destroy(self) -> None:
        """Runs `terraform destroy`. It waits for an interrupted apply that still holds the lock."""
        self._root.destroy()

    def own_server(self) -> Path:
        """The folder of the sample server's sources, from now on a copy for this deployment. The next apply builds what
        is changed there."""
        apps = self._root.apps
        if apps.is_symlink():
            apps.unlink()
            apps.mkdir()
            (apps / "balancer").symlink_to(PROJECT / "apps" / "balancer")
            shutil.copytree(PROJECT / "apps" / "server", apps / "server", ignore=shutil.ignore_patterns("__pycache__"))
        return apps / "server"

    @property
    def state(self) -> str:
        """The text of Terraform's state."""
        return self._root.state.read_text()

    def outputs(self) -> dict[str, Any]:
        """name → value of Terraform's outputs."""
        return self._root.outputs()

    def close(self) -> None:
        """Destroys the deployment and fails where anything of it is left. It may be called again."""
        try:
            self.destroy()
            assert not self.containers.belongings, f"left behind by {self.deployment}: {self.containers.belongings}"
        finally:
            self.containers.close()
            self._root.close()


def free_ports(count: int) -> list[int]:
    """Different free ports of 127.0.0.1, none of them a second time. Until somebody listens on them, another process
    would find them free: so each process of a test run has its part of the range. They do not depend on a seed of
    `random`."""
    ports: list[int] = []
    worker, workers = (os.environ.get(f"PYTEST_XDIST_WORKER{end}", "") for end in ("", "_COUNT"))
    own = _PORTS[int(worker.removeprefix("gw") or 0) :: int(workers or 1)]
    for port in random.SystemRandom().sample(own, len(own)):
        if port in _given:
            continue
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        ports.append(port)
        _given.add(port)
        if len(ports) == count:
            return ports
    raise AssertionError(f"fewer than {count} free ports from {_PORTS.start} to {_PORTS.stop}")


def base_image() -> str:
    """The name of the base image on the engine. Fails where there is none."""
    engine = docker.from_env()
    try:
        present = image_names(engine)
    finally:
        engine.close()
    found = next((name for name in BASE_IMAGES if name in present), None)
    assert found, f"no base image: none of {', '.join(BASE_IMAGES)} is on the engine; run: make host"
    return found
