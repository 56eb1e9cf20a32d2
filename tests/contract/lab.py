"""A corner of the real engine for one run of the tests: network, images and containers under a name of their own."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from contextlib import ExitStack
from functools import cached_property, partial
from http.client import HTTPException
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import docker
from docker.models.containers import Container

from balancer.core.routes import Backend
from tests.containers import DEPLOYMENT, ROLE, Containers, remove
from tests.deployment import PROJECT, base_image
from tests.http_client import ask
from tests.polling import until

PORT = 5000


class Lab:
    """`name` labels everything in it; what it starts has a role that no adapter looks for."""

    def __init__(self) -> None:
        self.name = f"contract-{secrets.token_hex(3)}"
        self.engine = docker.from_env()
        self.labels = {DEPLOYMENT: self.name, ROLE: "bench"}
        self._images: dict[str, str] = {}
        self._made = ExitStack()

    def __enter__(self) -> Self:
        self._made.callback(self._check_nothing_is_left)
        network = self.engine.networks.create(self.name, labels=self.labels)
        self._made.callback(network.remove)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._made.close()
        finally:
            self.engine.close()

    @cached_property
    def server_image(self) -> str:
        return self._build("server", PROJECT / "apps" / "server")

    @cached_property
    def edge_image(self) -> str:
        return self._build(
            "edge", PROJECT / "infra" / "terraform" / "modules" / "ringmaster" / "modules" / "edge" / "image"
        )

    @cached_property
    def swarm_edge_image(self) -> str:
        """What is below it has no label: labels of a run's own would keep its layers out of the cache."""
        edge = self._build(
            "plain-edge",
            PROJECT / "infra" / "terraform" / "modules" / "ringmaster" / "modules" / "edge" / "image",
            labels={},
        )
        return self._build("swarm-edge", PROJECT / "apps" / "balancer", dockerfile="edge.Dockerfile", EDGE_IMAGE=edge)

    def built(self, role: str, folder: Path) -> str:
        """The id of the image of a folder, built once."""
        if role not in self._images:
            self._images[role] = self._build(role, folder)
        return self._images[role]

    def run(self, name: str, image: str, **options: Any) -> Container:
        """A container on the lab's network, removed with the lab at the latest."""
        options = {"labels": self.labels, **options}
        container = self.engine.containers.run(
            image, name=f"{self.name}-{name}", network=self.name, detach=True, **options
        )
        self._made.callback(remove, container)
        return container

    def servers(self, *names: str) -> tuple[Backend, ...]:
        """Sample servers that answer."""
        containers = {name: self.run(name, self.server_image, environment={"SERVER_ID": name}) for name in names}
        backends = tuple(Backend(name, f"{self.address(item)}:{PORT}") for name, item in containers.items())
        for backend in backends:
            until(partial(answers, backend.address), f"{backend.instance} answers", within=30)
        return backends

    def address(self, container: Container) -> str:
        """Its IP address on the lab's network; empty off the network."""
        container.reload()
        network = container.attrs["NetworkSettings"]["Networks"].get(self.name, {})
        return str(network.get("IPAddress", ""))

    @cached_property
    def gateway(self) -> str:
        """The address at which its containers reach this process."""
        return str(self.engine.networks.get(self.name).attrs["IPAM"]["Config"][0]["Gateway"])

    def _build(
        self,
        role: str,
        folder: Path,
        *,
        dockerfile: str = "Dockerfile",
        labels: Mapping[str, str] | None = None,
        **arguments: str,
    ) -> str:
        """The image's id. Only its own layer goes with the lab: what is below is every build's cache."""
        tag = f"{self.name}-{role}"
        try:
            image, _ = self.engine.images.build(
                path=str(folder),
                dockerfile=dockerfile,
                tag=tag,
                buildargs={"BASE_IMAGE": base_image(), **arguments},
                labels={DEPLOYMENT: self.name} if labels is None else labels,
                forcerm=True,
            )
        except docker.errors.BuildError as error:
            log = "".join(line.get("stream", "") for line in error.build_log)
            raise AssertionError(f"{folder} cannot be built: {error}; run: make host\n{log[-2000:]}") from error
        self._made.callback(self.engine.images.remove, tag, noprune=True)
        return str(image.id)

    def _check_nothing_is_left(self) -> None:
        containers = Containers(self.name)
        try:
            assert not containers.belongings, f"left behind by {self.name}: {containers.belongings}"
        finally:
            containers.close()


def answers(address: str) -> bool:
    try:
        return ask("GET", f"http://{address}", "/heartbeat", timeout=5).status == 200
    except (OSError, HTTPException):
        return False
