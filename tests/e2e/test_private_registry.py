"""A private registry, by Terraform's own variables: its credentials reach Terraform and the balancer alone."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import docker
import pytest

from tests.containers import image_names
from tests.deployment import SOCKET, Deployment
from tests.own_image import published_images, stranger_image
from tests.polling import until
from tests.registry import Registry
from tests.system import ON_THEIR_WAY

pytestmark = [pytest.mark.docker, pytest.mark.terraform]

TAG = f"ringmaster-test-private-{secrets.token_hex(3)}"


@pytest.fixture(scope="module")
def registry() -> Iterator[Registry]:
    with Registry() as registry, stranger_image(f"{TAG}:base") as base:
        registry.push(base, "shop:1")
        registry.push(base, "shop:2")
        yield registry


@pytest.fixture
def config(tmp_path: Path, registry: Registry) -> Path:
    """The config.json, for the group that may use the engine's socket alone."""
    folder = tmp_path / "registry"
    folder.mkdir()
    os.chown(folder, -1, SOCKET.stat().st_gid)
    folder.chmod(0o750)
    write(folder / "config.json", registry.config())
    return folder / "config.json"


def write(config: Path, text: str) -> None:
    """Puts a new file in the place of the old one, as docker login does."""
    new = config.with_name("new")
    new.write_text(text)
    os.chown(new, -1, SOCKET.stat().st_gid)
    new.chmod(0o640)
    new.rename(config)


def secrets_of(registry: Registry) -> list[str]:
    """The password, as it is and as the file has it."""
    return [registry.password, json.loads(registry.config())["auths"][registry.address]["auth"]]


def deployed(system: Deployment, image: str) -> tuple[str, str]:
    assert system.deploy({"image": image, "pull": True}).status == 202
    until(lambda: system.stage not in ("", *ON_THEIR_WAY), "the deploy has ended", within=60)
    deploy = system.operate("GET", "/deploy").document["deploy"]
    return deploy["stage"], deploy["reason"]


@pytest.mark.long
def test_credentials_are_used_by_terraform_and_by_a_running_balancer_and_kept_by_none(
    registry: Registry, config: Path
) -> None:
    variables = {"server_port": 8080, "heartbeat_path": "/healthz", "stop_timeout": 1, "replicas": 1}
    image = f"{registry.address}/shop:1"
    with Deployment(server_image=image, registry_config=str(config), **variables) as system:
        assert {tag for server in system.containers.of("server") for tag in server.image.tags} >= {image}
        told = json.dumps([container.attrs for container in system.containers.all]) + system.state
        assert str(config.parent) in told
        assert not [secret for secret in secrets_of(registry) if secret in told]
        assert system.plan() == ""

        write(config, "{}")
        stage, reason = deployed(system, f"{registry.address}/shop:2")
        assert stage == "rolled back", reason
        write(config, registry.config())
        assert deployed(system, f"{registry.address}/shop:2") == ("done", "")
        logs = system.logs(since=1)
    assert not [role for role, text in logs.items() if any(secret in text for secret in secrets_of(registry))]
    for name in ("shop:1", "shop:2"):
        registry.engine.images.remove(f"{registry.address}/{name}", force=True)


def test_published_images_run_without_sources_and_base_image(registry: Registry, config: Path) -> None:
    images = published_images(registry)
    assert not image_names(registry.engine) & set(images.values())
    try:
        with Deployment(images=images, registry_config=str(config), base_image="nowhere/base:1", replicas=1) as system:
            assert system.outputs()["image_names"] == images
            assert system.get("/home").status == 200
            assert system.plan() == ""
    finally:
        for reference in images.values():
            with suppress(docker.errors.ImageNotFound):
                registry.engine.images.remove(reference, force=True)
