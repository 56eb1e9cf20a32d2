"""What one deployment has on the engine. Found by its label: what others have is never touched."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from os import geteuid
from typing import Any, Literal

import docker
from docker.errors import NotFound
from docker.models.containers import Container

DEPLOYMENT = "ringmaster.deployment"
ROLE = "ringmaster.role"

Role = Literal["server", "balancer", "edge"]


class Containers:
    """The containers labelled with one deployment's name."""

    def __init__(self, deployment: str) -> None:
        self._deployment = deployment
        self.engine = docker.from_env()

    def close(self) -> None:
        self.engine.close()

    @property
    def all(self) -> list[Container]:
        return self._labelled(f"{DEPLOYMENT}={self._deployment}")

    def of(self, role: Role) -> list[Container]:
        return self._labelled(f"{DEPLOYMENT}={self._deployment}", f"{ROLE}={role}")

    @property
    def balancer(self) -> Container:
        return self._only("balancer")

    @property
    def edge(self) -> Container:
        return self._only("edge")

    @property
    def servers(self) -> dict[str, Container]:
        """Hostname, as the API has it → container."""
        return {container.attrs["Config"]["Hostname"]: container for container in self.of("server")}

    def server(self, hostname: str) -> Container:
        return self.servers[hostname]

    @property
    def belongings(self) -> dict[str, list[str]]:
        """Everything that carries the label, by kind; nothing after a destroy."""
        ours = {"label": f"{DEPLOYMENT}={self._deployment}"}
        found = {
            "containers": [str(container.name) for container in self.all],
            "networks": [str(network.name) for network in self.engine.networks.list(filters=ours)],
            "volumes": [str(volume.name) for volume in self.engine.volumes.list(filters=ours)],
            "images": [str(image.id) for image in self.engine.images.list(all=True, filters=ours)],
        }
        return {kind: sorted(names) for kind, names in found.items() if names}

    def environment(self, container: Container) -> Mapping[str, str]:
        return dict(entry.split("=", 1) for entry in container.attrs["Config"]["Env"])

    def logs(self, role: Role, *, since: float) -> str:
        """`since` as a time of day in seconds."""
        return "\n".join(_log(container, since) for container in self.of(role))

    def _labelled(self, *labels: str) -> list[Container]:
        return self.engine.containers.list(all=True, filters={"label": list(labels)}, ignore_removed=True)

    def _only(self, role: Role) -> Container:
        containers = self.of(role)
        assert len(containers) == 1, f"{len(containers)} containers of the role {role} in {self._deployment}"
        return containers[0]


def _log(container: Container, since: float) -> str:
    """Empty for a container that goes meanwhile."""
    try:
        return str(container.logs(since=since).decode(errors="replace"))
    except NotFound:
        return ""


def run_in(container: Container, *command: str) -> str:
    """What a command in the container prints. A code other than 0 is an error."""
    code, output = container.exec_run(list(command))
    assert code == 0, f"{command[0]} in {container.name}: {code}\n{output.decode(errors='replace')}"
    return str(output.decode())


def crash(container: Container) -> None:
    """SIGKILL to the container's first process, from outside. (`docker kill` would switch its restart policy off.)"""
    container.reload()
    as_root = [] if geteuid() == 0 else ["sudo", "--non-interactive"]
    subprocess.run([*as_root, "kill", "-KILL", str(container.attrs["State"]["Pid"])], check=True)


def freeze(container: Container) -> None:
    """SIGSTOP to every process of the container; the engine takes no notice, unlike with a pause."""
    container.exec_run(["sh", "-c", "kill -STOP -1"])  # not the container's first process, which no one inside can stop
    container.kill(signal="SIGSTOP")


def started(container: Container) -> tuple[Any, Any]:
    """Tells one run of a container from the next."""
    container.reload()
    return container.id, container.attrs["State"]["StartedAt"]
