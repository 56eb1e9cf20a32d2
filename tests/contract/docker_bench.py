"""DockerEngine on the bench: a real engine, reached through a door that can be shut."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from docker.models.containers import Container
from docker.models.volumes import Volume

from balancer.adapters.container_spec import INSTANCE, ServerSpec
from balancer.adapters.docker_engine import DockerEngine
from balancer.core.release import Release
from tests.containers import DEPLOYMENT, ROLE, freeze, pause, remove
from tests.contract.door_bench import DoorBench
from tests.contract.engine_door import EngineDoor
from tests.contract.lab import PORT, Lab

NO_IMAGE = "127.0.0.1:1/no-such-image"
"""Nobody listens there: the pull fails at once, without a word to any network."""


class DockerBench(DoorBench):
    """A LocalBench, beside what only a real container has."""

    kind = "engine"

    def __init__(self, lab: Lab, folder: Path) -> None:
        spec = ServerSpec(
            deployment=lab.name,
            name_prefix=f"{lab.name}-fleet-",
            network=lab.name,
            port=PORT,
        )
        super().__init__(EngineDoor(folder / "engine.sock"), spec, folder)
        self.lab = lab
        self.runtime = DockerEngine(self.spec)
        self.release = Release(1, lab.server_image)
        self.broken_release = Release(1, NO_IMAGE)
        self._engines = [self.runtime]
        self._neighbours: list[Container] = []
        self._volumes: list[Volume] = []

    def _clean(self) -> None:
        for container in [*self._all(), *self._neighbours]:
            remove(container)
        for volume in self._volumes:
            volume.remove(force=True)
        for engine in self._engines:
            if engine._connection is not None:
                engine._connection.close()

    def change(self, **changes: Any) -> None:
        """The runtime of a balancer with another specification of its servers."""
        self.runtime = DockerEngine(replace(self.spec, **changes))
        self._engines.append(self.runtime)

    def die(self, instance: str) -> None:
        self.container(instance).kill()

    def starve(self, instance: str) -> None:
        code, _ = self.container(instance).exec_run(["python3", "-c", "bytearray(1 << 30)"])
        assert code == 137, f"{instance} may have a GB of memory"

    def pause(self, instance: str) -> None:
        pause(self.container(instance))

    def hang(self, instance: str) -> None:
        freeze(self.container(instance))

    def wake(self, instance: str) -> None:
        self.container(instance).unpause()

    def stop_by_hand(self, instance: str) -> None:
        """Frozen, it does not hear it."""
        self.hang(instance)
        self.container(instance).kill(signal="SIGTERM")

    def disconnect(self, instance: str) -> None:
        self.lab.engine.networks.get(self.lab.name).disconnect(self.container(instance))

    def stir(self) -> None:
        self.pause("S1")
        self.wake("S1")

    def occupy(self, name: str) -> None:
        self.neighbour(name, labels={DEPLOYMENT: f"{self.lab.name}-other", ROLE: "server"})

    @property
    def names(self) -> set[str]:
        return {str(container.name).removeprefix(self.spec.name_prefix) for container in self._all()}

    def container(self, instance: str) -> Container:
        """By its label: its name may be another one."""
        [found] = [container for container in self._all() if container.labels.get(INSTANCE) == instance]
        return found

    def neighbour(self, name: str, **options: Any) -> Container:
        """A container that the runtime did not start."""
        container = self.lab.run(f"fleet-{name}", self.lab.server_image, **options)
        self._neighbours.append(container)
        return container

    def volume(self, name: str, *, labels: dict[str, str] | None = None) -> str:
        """Makes a volume, which goes with the bench; returns its name."""
        volume = self.lab.engine.volumes.create(f"{self.lab.name}-{name}", labels=labels)
        self._volumes.append(volume)
        return str(volume.name)

    def _all(self) -> list[Container]:
        """Whatever has the prefix and is not the lab's own."""
        containers = self.lab.engine.containers.list(
            all=True, filters={"name": f"^/?{self.spec.name_prefix}"}, ignore_removed=True
        )
        return [container for container in containers if container.labels.get(ROLE) != self.lab.labels[ROLE]]
