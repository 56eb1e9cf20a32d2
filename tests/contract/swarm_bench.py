"""SwarmRuntime on the bench: the Swarm of a playground. One manager is reached through a door that can be shut."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import docker
from docker.models.containers import Container

from balancer.adapters.container_spec import DEPLOYMENT, INSTANCE, ROLE, ServerSpec
from balancer.adapters.swarm.runtime import SwarmRuntime
from balancer.core.release import Release
from tests.containers import freeze, pause
from tests.contract.docker_bench import NO_IMAGE
from tests.contract.door_bench import DoorBench
from tests.contract.engine_door import EngineDoor
from tests.contract.lab import PORT
from tests.playground import Playground


class SwarmBench(DoorBench):
    """A RuntimeBench, beside what only a Swarm has. It has a deployment of its own. `image`: the id of the sample
    server's image, which all nodes have. `network`: an overlay network. `manager`: the node that the runtime calls."""

    kind = "swarm"

    def __init__(
        self, playground: Playground, *, image: str, network: str, folder: Path, manager: str = "node1"
    ) -> None:
        self.deployment = f"swarm-{secrets.token_hex(3)}"
        spec = ServerSpec(deployment=self.deployment, name_prefix=f"{self.deployment}-", network=network, port=PORT)
        door = EngineDoor(folder / "manager.sock", Path(playground.host(manager).removeprefix("unix://")))
        super().__init__(door, spec, folder)
        self.playground = playground
        self.runtime = SwarmRuntime(self.spec, ())
        self.release = Release(1, image, stop_timeout=2)
        self.broken_release = Release(1, NO_IMAGE)
        self._manager = docker.APIClient(base_url=playground.host(manager), version="auto")
        self._runtimes = [self.runtime]

    def _clean(self) -> None:
        for service in self._all():
            self._manager.remove_service(service["ID"])
        self._manager.close()
        for runtime in self._runtimes:
            if runtime._manager._connection is not None:
                runtime._manager._connection.close()

    def constrain(self, *constraints: str) -> None:
        """From now on the runtime is one with these constraints of nodes."""
        self.runtime = SwarmRuntime(self.spec, constraints)
        self._runtimes.append(self.runtime)

    def die(self, instance: str) -> None:
        self.container(instance).kill()

    def pause(self, instance: str) -> None:
        pause(self.container(instance))

    def hang(self, instance: str) -> None:
        freeze(self.container(instance))

    def stop_by_hand(self, instance: str) -> None:
        """Frozen, it does not hear it."""
        self.hang(instance)
        self._manager.remove_service(self.service(instance)["ID"])

    def stir(self) -> None:
        self._manager.remove_service(self._create(f"noise-{secrets.token_hex(3)}"))

    def occupy(self, name: str) -> None:
        self._create(f"{name}-1-1")

    @property
    def names(self) -> set[str]:
        """A service that the runtime did not start is called as one that it did."""
        return {
            self._labels(service).get(INSTANCE)
            or service["Spec"]["Name"].removeprefix(self.spec.name_prefix).rsplit("-", 2)[0]
            for service in self._all()
        }

    def service(self, instance: str) -> dict[str, Any]:
        [found] = [service for service in self._all() if self._labels(service).get(INSTANCE) == instance]
        return found

    def container(self, instance: str) -> Container:
        """The running one, whichever node it is on."""
        [found] = [each for containers in self.containers(instance).values() for each in containers]
        return found

    def containers(self, instance: str) -> dict[str, list[Container]]:
        """node → its running containers of the instance. A node whose engine is away has none."""
        labels = [f"{DEPLOYMENT}={self.deployment}", f"{INSTANCE}={instance}"]
        found = {}
        for node in self.playground.nodes:
            try:
                containers = self.playground.client(node).containers.list(
                    filters={"label": labels}, ignore_removed=True
                )
            except (docker.errors.DockerException, OSError):
                continue
            found[node] = containers
        return found

    def availability(self, node: str, availability: str) -> None:
        """Of the node of that hostname: "active" or "drain"."""
        [found] = [each for each in self._manager.nodes() if each["Description"]["Hostname"] == node]
        spec = {**found["Spec"], "Availability": availability}
        self._manager.update_node(found["ID"], found["Version"]["Index"], spec)

    def node_state(self, node: str) -> str:
        """As the manager sees it: ready or down."""
        [found] = [each for each in self._manager.nodes() if each["Description"]["Hostname"] == node]
        return str(found["Status"]["State"])

    def _create(self, name: str) -> str:
        """A service of another deployment, without a container. Returns its id."""
        labels = {DEPLOYMENT: f"{self.deployment}-other", ROLE: "server"}
        created = self._manager.create_service(
            {"ContainerSpec": {"Image": self.release.image, "Labels": labels}},
            name=self.spec.name_prefix + name,
            labels=labels,
            mode={"Replicated": {"Replicas": 0}},
        )
        return str(created["ID"])

    def _all(self) -> list[dict[str, Any]]:
        """The services whose names have the prefix."""
        services: list[dict[str, Any]] = self._manager.services(filters={"name": [self.spec.name_prefix]})
        return [service for service in services if "noise" not in service["Spec"]["Name"]]

    @staticmethod
    def _labels(service: dict[str, Any]) -> dict[str, str]:
        return service["Spec"]["Labels"] or {}
