"""Images on the bench: an engine and registries, the same for every adapter."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

import docker
import pytest

from balancer.adapters.docker_images import DockerImages
from balancer.adapters.registry_config import RegistryConfig
from balancer.core.image import Image
from balancer.ports.images import Images
from tests.contract.engine_door import EngineDoor
from tests.contract.keeper_process import EVERY_IMAGE, KeeperProcess
from tests.fakes.images import FakeImages
from tests.registry import Registry, SilentRegistry, archive, write_config


class ImagesBench(Protocol):
    @property
    def images(self) -> Images: ...

    @property
    def silent(self) -> str:
        """An image of a registry that never answers."""

    def build(self, name: str) -> str:
        """The engine builds an image of this name, another one at each call. Returns its content."""

    def push(self, name: str) -> str:
        """A registry has an image of this name, another one at each call, and the engine has not. Returns the whole
        name."""

    def spoil(self) -> str:
        """The name of an image whose pull fails half-way."""

    def remove(self, name: str) -> None:
        """The engine loses what this name or content means."""

    def away(self) -> AbstractContextManager[None]:
        """The engine does not answer."""


class FakeBench:
    def __init__(self) -> None:
        self.images = FakeImages()
        self.images.has_everything = False
        self.silent = "registry/silent:1"
        self.images.silent = {self.silent}

    def build(self, name: str) -> str:
        return self.images.build(name, content()).content

    def push(self, name: str) -> str:
        whole, image = f"registry/{name}", content()
        self.images.there[whole] = Image(image, f"{whole.rpartition(':')[0]}@{image}")
        return whole

    def spoil(self) -> str:
        name = self.push("spoilt:1")
        self.images.broken = {name}
        return name

    def remove(self, name: str) -> None:
        found = self.images.find(name)
        self.images.here = {key: image for key, image in self.images.here.items() if image != found}

    @contextmanager
    def away(self) -> Iterator[None]:
        self.images.away.arm()
        yield
        self.images.away.clear()


class DockerBench:
    """DockerImages with a private registry. `file`: the config.json with its credentials."""

    def __init__(self, folder: Path, registry: Registry) -> None:
        self.registry = registry
        self.file = write_config(folder, registry.config())
        self.images: Images = DockerImages(RegistryConfig(self.file))
        self._folder = folder
        self.silent = ""
        self._door = EngineDoor(folder / "engine.sock")
        self._contents: list[str] = []
        self._made = ExitStack()

    def start_keeper(self) -> None:
        """From now on the images are those of a keeper, which comes through the same door."""
        keeper = KeeperProcess(self._folder, engine=self._door.path, policy=EVERY_IMAGE, registry_config=str(self.file))
        self.images = self._made.enter_context(keeper).client

    def __enter__(self) -> Self:
        self._made.callback(self._remove_all)
        self.silent = f"{self._made.enter_context(SilentRegistry()).address}/silent:1"
        self._door.open()
        self._made.callback(self._door.shut)
        environment = self._made.enter_context(pytest.MonkeyPatch.context())
        environment.setenv("DOCKER_HOST", f"unix://{self._door.path}")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._made.close()

    def build(self, name: str) -> str:
        files: dict[str, str | bytes] = {"Dockerfile": "FROM scratch\nCOPY a /a\nCOPY b /b\n"}
        files |= {"a": secrets.token_bytes(2_000_000), "b": secrets.token_bytes(100)}
        image, _ = self.registry.engine.images.build(
            fileobj=archive(files), custom_context=True, tag=name, forcerm=True
        )
        self._contents.append(str(image.id))
        return str(image.id)

    def push(self, name: str) -> str:
        image = self.build(f"bench-{name}")
        whole = self.registry.push(image, name)
        self.remove(image)
        return whole

    def spoil(self) -> str:
        name = self.push("spoilt:1")
        self.registry.spoil()
        return name

    def remove(self, name: str) -> None:
        self.registry.engine.images.remove(name, force=True)

    @contextmanager
    def away(self) -> Iterator[None]:
        self._door.shut()
        yield
        self._door.open()

    def _remove_all(self) -> None:
        for image in self._contents:
            try:
                self.remove(image)
            except docker.errors.ImageNotFound:
                continue


def content() -> str:
    return f"sha256:{secrets.token_hex(32)}"
