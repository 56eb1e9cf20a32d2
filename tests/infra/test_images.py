"""Which images go when: the script that Terraform calls, on images and containers that only look like deployments'."""

from __future__ import annotations

import io
import json
import secrets
import socket
import subprocess
from collections.abc import Iterator

import docker
import pytest
from docker.models.containers import Container
from docker.models.images import Image

from tests.containers import DEPLOYMENT
from tests.deployment import base_image, free_ports
from tests.infra.make import MODULE, environment
from tests.polling import until

pytestmark = [pytest.mark.docker]


class Images:
    """Images of one deployment, a few bytes each. Every build has another content."""

    def __init__(self, engine: docker.DockerClient) -> None:
        self.deployment = f"test-{secrets.token_hex(3)}"
        self.repository = f"{self.deployment}-ringmaster-server"
        self.balancer = f"{self.deployment}-ringmaster-balancer"
        self._engine = engine

    def name(self) -> str:
        """A name such as Terraform makes of other sources."""
        return f"{self.repository}:{secrets.token_hex(6)}"

    def build(self, name: str) -> Image:
        dockerfile = io.BytesIO(f"FROM scratch\nLABEL try={secrets.token_hex(3)}\n".encode())
        labels = {DEPLOYMENT: self.deployment}
        image, _ = self._engine.images.build(fileobj=dockerfile, tag=name, labels=labels, forcerm=True)
        return image

    @property
    def all(self) -> list[Image]:
        return self._engine.images.list(all=True, filters={"label": f"{DEPLOYMENT}={self.deployment}"})

    @property
    def ids(self) -> set[str]:
        return {str(image.id) for image in self.all}

    @property
    def names(self) -> set[str]:
        return {name for image in self.all for name in image.tags}

    def script(self, verb: str, *present: str) -> None:
        self.run(verb, *present).check_returncode()

    def run(self, verb: str, *present: str) -> subprocess.CompletedProcess[str]:
        variables = {
            "DEPLOYMENT": self.deployment,
            "DOCKER_HOST": "default",
            "REPOSITORIES": f"{self.deployment}-ringmaster-edge {self.repository}",
            "IMAGES": " ".join(present),
            "BALANCER": self.balancer,
            "PULL_TIMEOUT": "3",
            "REGISTRY_CONFIG": "",
        }
        exported = environment(**{f"RINGMASTER_{name}": value for name, value in variables.items()})
        command = ["sh", MODULE / "scripts" / "deployment.sh", verb]
        return subprocess.run(command, env=exported, stderr=subprocess.PIPE, text=True, check=False)

    def remove(self) -> None:
        for image in self.ids:
            self._engine.images.remove(image, force=True)


@pytest.fixture
def engine() -> Iterator[docker.DockerClient]:
    client = docker.from_env()
    yield client
    client.close()


@pytest.fixture
def images(engine: docker.DockerClient) -> Iterator[Images]:
    ours = Images(engine)
    yield ours
    ours.remove()


@pytest.fixture
def balancer(engine: docker.DockerClient, images: Images) -> Iterator[Container]:
    """A container that has a saved fleet, as the balancer has. Nothing is in it yet."""
    program = "mkdir --parents /var/lib/ringmaster && echo '{}' >/var/lib/ringmaster/fleet.json && exec sleep 600"
    container = engine.containers.run(base_image(), ["sh", "-c", program], name=images.balancer, init=True, detach=True)
    try:
        until(lambda: saved(container) == "{}", "there is a saved fleet", within=15)
        yield container
    finally:
        container.remove(force=True)


@pytest.fixture
def bystander(engine: docker.DockerClient) -> Iterator[None]:
    """Another deployment's images, one of them without a name: they have to stay."""
    other = Images(engine)
    name = other.name()
    built = {other.build(name).id, other.build(name).id}
    yield
    left = other.ids
    other.remove()
    assert left == built


def saved(balancer: Container) -> str:
    _, output = balancer.exec_run(["cat", "/var/lib/ringmaster/fleet.json"])
    return str(output.decode()).strip()


def saves(balancer: Container, image: str) -> None:
    fleet = json.dumps({"release": {"number": 7, "image": image}})
    code, output = balancer.exec_run(["sh", "-c", f"echo '{fleet}' >/var/lib/ringmaster/fleet.json"])
    assert code == 0, output


@pytest.mark.usefixtures("bystander", "balancer")
def test_an_image_of_earlier_sources_goes_when_no_container_is_left_of_it(
    engine: docker.DockerClient, images: Images
) -> None:
    old, new = images.name(), images.name()
    server = engine.containers.create(str(images.build(old).id), ["never started"])
    images.build(new)
    try:
        images.script("sweep", new)
        assert images.names == {old, new}
    finally:
        server.remove()
    images.script("sweep", new)
    assert images.names == {new}


@pytest.mark.usefixtures("bystander")
@pytest.mark.parametrize("by", ["name", "id"])
def test_an_image_that_the_saved_fleet_may_go_back_to_stays_though_no_container_is_there(
    images: Images, balancer: Container, by: str
) -> None:
    old, older, new = images.name(), images.name(), images.name()
    content = images.build(old).id
    images.build(older)
    images.build(new)
    saves(balancer, old if by == "name" else str(content))
    images.script("sweep", new)
    assert images.names == {old, new}


def test_all_stay_where_the_balancer_cannot_say_what_it_needs(images: Images) -> None:
    old, new = images.name(), images.name()
    images.build(old)
    images.build(new)
    images.script("sweep", new)
    assert images.names == {old, new}


@pytest.mark.usefixtures("balancer")
def test_a_name_that_is_built_again_with_another_content_leaves_the_old_one_a_name(images: Images) -> None:
    name = images.name()
    before = images.build(name)
    images.script("keep", name)
    after = images.build(name)
    kept = f"{name}-{str(before.id).removeprefix('sha256:')[:12]}"
    assert {name_: image.id for image in images.all for name_ in image.tags} == {name: after.id, kept: before.id}
    images.script("sweep", name)
    assert images.names == {name}


def test_a_second_name_of_what_is_present_goes_though_the_saved_fleet_has_its_content(
    images: Images, balancer: Container
) -> None:
    name = images.name()
    content = str(images.build(name).id)
    saves(balancer, content)
    images.script("keep", name)
    assert len(images.names) == 2
    images.script("sweep", name)
    assert images.names == {name}


def test_a_name_that_is_built_for_the_first_time_needs_nothing_kept(images: Images) -> None:
    images.script("keep", images.name())
    assert images.ids == set()


@pytest.mark.usefixtures("bystander", "balancer")
def test_what_earlier_versions_left_goes_too(images: Images) -> None:
    """They called every build :latest, and left the one before without a name."""
    images.build(f"{images.repository}:latest")
    images.build(f"{images.repository}:latest")
    new = images.name()
    images.build(new)
    images.script("sweep", new)
    assert images.names == {new}
    assert len(images.ids) == 1


@pytest.mark.usefixtures("bystander")
def test_at_the_end_none_is_left_with_a_name_or_without(images: Images) -> None:
    name = images.name()
    images.build(name)
    images.script("keep", name)
    images.build(name)
    images.build(f"{images.repository}:latest")
    images.build(f"{images.repository}:latest")
    images.script("discard")
    assert images.ids == set()
    images.script("discard")


@pytest.mark.usefixtures("balancer")
@pytest.mark.parametrize("verb", ["sweep", "discard"])
def test_a_users_own_names_stay_though_their_images_inherit_our_label(images: Images, verb: str) -> None:
    own = {f"{images.deployment}-shop:1.4", f"{images.repository}:of-the-shop"}
    for name in own:
        images.build(name)
    images.script(verb)
    assert images.names == own


def test_an_image_that_the_engine_has_is_not_pulled(images: Images) -> None:
    name = images.name()
    images.build(name)
    images.script("pull", name)


def test_a_pull_that_fails_is_told_with_the_engines_own_reason(images: Images) -> None:
    (port,) = free_ports(1)
    pull = images.run("pull", f"127.0.0.1:{port}/shop:1.4")
    assert pull.returncode != 0
    assert "connection refused" in pull.stderr
    assert f"127.0.0.1:{port}/shop:1.4 cannot be pulled" in pull.stderr


def test_a_pull_from_a_registry_that_never_answers_has_an_end(images: Images) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        name = f"127.0.0.1:{deaf.getsockname()[1]}/shop:1.4"
        pull = images.run("pull", name)
    assert pull.returncode != 0
    assert f"{name} was not pulled within 3 s: see what the registry does, or raise pull_timeout." in pull.stderr
