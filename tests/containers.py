"""The containers, networks, volumes and images of one deployment on the engine, found by its label."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from os import geteuid
from typing import Any, Literal

import docker
import requests
from docker.errors import APIError, NotFound
from docker.models.containers import Container

from tests.polling import until

DEPLOYMENT = "ringmaster.deployment"
ROLE = "ringmaster.role"

Role = Literal["server", "balancer", "edge", "keeper", "prometheus"]


def image_names(engine: docker.DockerClient) -> set[str]:
    """Tags and digests of all images. One call: images.list() makes one for each image, which may be gone then."""
    images = engine.api.images()
    return {name for image in images for name in (*(image["RepoTags"] or ()), *(image["RepoDigests"] or ()))}


class Containers:
    """The containers labelled with one deployment's name. `engine`: the machine's own where none is given."""

    def __init__(self, deployment: str, engine: docker.DockerClient | None = None) -> None:
        self._deployment = deployment
        self.engine = engine or docker.from_env()

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
    def keeper(self) -> Container:
        return self._only("keeper")

    @property
    def servers(self) -> dict[str, Container]:
        """hostname → container."""
        return {container.attrs["Config"]["Hostname"]: container for container in self.of("server")}

    def server(self, hostname: str) -> Container:
        return self.servers[hostname]

    @property
    def belongings(self) -> dict[str, list[str]]:
        """kind → names of everything that carries the label; empty after a destroy."""
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
        """The logs of all containers of a role. `since`: seconds since 1970."""
        return "\n".join(_log(container, since) for container in self.of(role))

    def _labelled(self, *labels: str) -> list[Container]:
        return self.engine.containers.list(all=True, filters={"label": list(labels)}, ignore_removed=True)

    def _only(self, role: Role) -> Container:
        containers = self.of(role)
        assert len(containers) == 1, f"{len(containers)} containers of the role {role} in {self._deployment}"
        return containers[0]


def _log(container: Container, since: float) -> str:
    """The container's log; empty where the container is removed meanwhile."""
    try:
        return str(container.logs(since=since).decode(errors="replace"))
    except NotFound:
        return ""


def run_in(container: Container, *command: str) -> str:
    """Runs a command in the container and returns what it prints. An exit code other than 0 fails the test.

    It begins a moment late: the Docker library loses what is printed before it reads (docker/docker-py#2042), and the
    newest engines are that fast.
    """
    code, output = container.exec_run(["sh", "-c", 'sleep 0.1; exec "$@"', "sh", *command])
    assert code == 0, f"{command[0]} in {container.name}: {code}\n{output.decode(errors='replace')}"
    return str(output.decode())


def crash(container: Container) -> None:
    """Sends SIGKILL to the container's first process, from the host: after `docker kill` the restart policy would not
    apply."""
    container.reload()
    as_root = [] if geteuid() == 0 else ["sudo", "--non-interactive"]
    subprocess.run([*as_root, "kill", "-KILL", str(container.attrs["State"]["Pid"])], check=True)


def remove(container: Container) -> None:
    """Running or not, and gone already or not. A busy engine refuses this for a moment, where what ran in the container
    has just ended."""

    def is_removed() -> bool:
        try:
            container.remove(force=True, v=True)
        except NotFound:
            return True
        except APIError as error:
            if error.status_code not in (requests.codes.conflict, requests.codes.server_error):
                raise
            return False
        return True

    until(is_removed, f"{container.name} is removed", within=20)


def pause(container: Container) -> None:
    """Pauses the container. Where its processes are just being made, or the machine is busy, runc cannot freeze them
    and says so: then it is asked again."""

    def is_paused() -> bool:
        try:
            container.pause()
        except APIError as error:
            if "unable to freeze" not in str(error.explanation):
                raise
            return False
        return True

    until(is_paused, f"{container.name} is paused", within=5)


def freeze(container: Container) -> None:
    """Sends SIGSTOP to every process of the container. The engine does not notice it, unlike a pause."""
    container.exec_run(["sh", "-c", "kill -STOP -1"])  # all but the first process, which only the host can stop
    container.kill(signal="SIGSTOP")


def started(container: Container) -> tuple[Any, Any]:
    """Identifies the present run of a container: its id and the time of its start."""
    container.reload()
    return present_run(container)


def present_run(container: Container) -> tuple[Any, Any]:
    """What `started` tells, of a container that has just been looked at."""
    return container.id, container.attrs["State"]["StartedAt"]
