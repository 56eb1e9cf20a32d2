"""`make images` and `make release` with a private registry: what is published, and that others get it by digest."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import docker
import pytest

from infra.images import release
from tests.containers import image_names
from tests.registry import Registry

pytestmark = [pytest.mark.docker]

VERSION = "9.8.7"
DOCKERFILES = {
    "edge": "ARG BASE_IMAGE\nFROM ${BASE_IMAGE} AS base\nFROM scratch\nCOPY --from=base /etc/debian_version /\n",
    "swarm_edge": "ARG EDGE_IMAGE\nFROM ${EDGE_IMAGE}\nCOPY Dockerfile /\n",
}
"""One that stands alone, and one that is built on it: small ones. Ours are built by whatever deploys."""


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Its address. docker is logged in; the registry has the images of a version, and the engine none of them."""
    folder = tmp_path_factory.mktemp("release")
    (folder / "__init__.py").write_text(f'VERSION = "{VERSION}"\n')
    (folder / "CHANGELOG.md").write_text(f"## {VERSION}\n- This.\n")
    with Registry() as registry, pytest.MonkeyPatch.context() as patch:
        (folder / "config.json").write_text(registry.config())
        patch.setenv("DOCKER_CONFIG", str(folder))
        patch.setenv("SOURCE", "https://example.net/ringmaster")
        patch.setattr(release, "VERSION_FILE", folder / "__init__.py")
        patch.setattr(release, "CHANGELOG", folder / "CHANGELOG.md")
        patch.setattr(
            release, "IMAGES", tuple(small(folder, image) for image in release.IMAGES if image.key in DOCKERFILES)
        )
        try:
            release.build(registry.address)
        finally:
            forget(registry.engine, registry.address)
        yield registry.address
        forget(registry.engine, registry.address)


def small(folder: Path, image: release.Image) -> release.Image:
    context = folder / image.key
    context.mkdir()
    (context / "Dockerfile").write_text(DOCKERFILES[image.key])
    return replace(image, context=str(context), dockerfile="Dockerfile")


def forget(engine: docker.DockerClient, address: str) -> None:
    for name in image_names(engine):
        # With a tag the engine forgets its digest.
        with suppress(docker.errors.ImageNotFound):
            if name.startswith(f"{address}/"):
                engine.images.remove(name, force=True, noprune=True)


def processor() -> str:
    """The one that the images were built for."""
    engine = docker.from_env()
    try:
        return str(engine.version()["Arch"])
    finally:
        engine.close()


def references(printed: str) -> dict[str, str]:
    """What is printed as a value of Terraform's input images."""
    return dict(re.findall(r'^  (\w+) += "(\S+)"$', printed, re.MULTILINE))


def test_a_release_is_pulled_by_the_digests_that_it_prints(registry: str, capsys: pytest.CaptureFixture[str]) -> None:
    release.join(registry, f"v{VERSION}", processor())
    told = references(capsys.readouterr().out)
    assert list(told) == list(DOCKERFILES)
    engine = docker.from_env()
    try:
        for role, reference in told.items():
            assert re.fullmatch(rf"{registry}/ringmaster-{role.replace('_', '-')}@sha256:[0-9a-f]{{64}}", reference)
            labels = engine.images.pull(reference).labels
            assert labels["org.opencontainers.image.version"] == VERSION
            assert labels["org.opencontainers.image.title"] == f"ringmaster-{role.replace('_', '-')}"
            assert labels["org.opencontainers.image.source"] == "https://example.net/ringmaster"
            assert labels["org.opencontainers.image.licenses"] == "MIT"
            assert not [label for label in labels if label.startswith("ringmaster.")]
    finally:
        engine.close()


def test_what_was_not_pushed_cannot_be_released(registry: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "__init__.py").write_text('VERSION = "9.8.8"\n')
    (tmp_path / "CHANGELOG.md").write_text("## 9.8.8\n- That.\n")
    monkeypatch.setattr(release, "VERSION_FILE", tmp_path / "__init__.py")
    monkeypatch.setattr(release, "CHANGELOG", tmp_path / "CHANGELOG.md")
    with pytest.raises(SystemExit, match=r"has no image of 9\.8\.8 for amd64 and arm64: run make images"):
        release.join(registry, "v9.8.8")
