"""Which images go when: the script that Terraform calls, on images and containers that only look like deployments'."""

from __future__ import annotations

import io
import secrets
import subprocess
from collections.abc import Iterator

import docker
import pytest
from docker.models.images import Image

from tests.containers import DEPLOYMENT
from tests.infra.make import TERRAFORM, environment

pytestmark = [pytest.mark.docker]


class Images:
    """Images of one deployment, a few bytes each, all built under one name: every one takes it from the one before."""

    def __init__(self, engine: docker.DockerClient) -> None:
        self.deployment = f"test-{secrets.token_hex(3)}"
        self.name = f"{self.deployment}-ringmaster-server"
        self._engine = engine

    def build(self) -> Image:
        dockerfile = io.BytesIO(f"FROM scratch\nLABEL try={secrets.token_hex(3)}\n".encode())
        labels = {DEPLOYMENT: self.deployment}
        image, _ = self._engine.images.build(fileobj=dockerfile, tag=self.name, labels=labels, forcerm=True)
        return image

    @property
    def ids(self) -> set[str]:
        found = self._engine.images.list(all=True, filters={"label": f"{DEPLOYMENT}={self.deployment}"})
        return {str(image.id) for image in found}

    def script(self, verb: str) -> None:
        variables = {"DEPLOYMENT": self.deployment, "DOCKER_HOST": "default", "IMAGES": self.name}
        exported = environment(**{f"RINGMASTER_{name}": value for name, value in variables.items()})
        subprocess.run(["sh", TERRAFORM / "scripts" / "deployment.sh", verb], env=exported, check=True)


@pytest.fixture
def engine() -> Iterator[docker.DockerClient]:
    client = docker.from_env()
    yield client
    client.close()


@pytest.fixture
def images(engine: docker.DockerClient) -> Iterator[Images]:
    ours = Images(engine)
    yield ours
    for image in ours.ids:
        engine.images.remove(image, force=True)


@pytest.fixture
def bystander(engine: docker.DockerClient) -> Iterator[set[str]]:
    """Another deployment's images, one of them without a name: they have to stay."""
    other = Images(engine)
    yield {str(other.build().id), str(other.build().id)}
    left = other.ids
    for image in left:
        engine.images.remove(image, force=True)
    assert len(left) == 2


@pytest.mark.usefixtures("bystander")
def test_an_image_that_a_rebuild_replaced_goes_when_no_container_is_left_of_it(
    engine: docker.DockerClient, images: Images
) -> None:
    old = images.build()
    server = engine.containers.create(str(old.id), ["never started"])
    try:
        new = images.build()
        images.script("sweep")
        assert images.ids == {old.id, new.id}
    finally:
        server.remove()
    images.script("sweep")
    assert images.ids == {new.id}


@pytest.mark.usefixtures("bystander")
def test_at_the_end_none_is_left_with_a_name_or_without(images: Images) -> None:
    images.build()
    images.build()
    images.script("discard")
    assert images.ids == set()
    images.script("discard")
