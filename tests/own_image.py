"""An image as a user may have one: a single program, on the Python of the sample server's image."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docker

from tests.deployment import PROJECT, base_image
from tests.registry import Registry

_SOURCES = {
    "server": "apps/server",
    "balancer": "apps/balancer",
    "edge": "infra/terraform/modules/ringmaster/modules/edge/image",
}
"""Images of ours → where their sources are."""


@contextmanager
def own_image(program: str, tag: str) -> Iterator[str]:
    """Builds an image that runs the text of a program. The tag exists while the block runs; what is below it is the
    next build's cache, and another process may just be building on it."""
    engine = docker.from_env()
    try:
        python, _ = engine.images.build(
            path=str(PROJECT / "apps/server"), target="python", buildargs={"BASE_IMAGE": base_image()}, forcerm=True
        )
        with tempfile.TemporaryDirectory(prefix="ringmaster-own-image-") as folder:
            (Path(folder) / "app.py").write_text(program)
            (Path(folder) / "Dockerfile").write_text(
                f'FROM {python.id}\nCOPY app.py /app.py\nUSER 65534\nCMD ["python3", "/app.py"]\n'
            )
            engine.images.build(path=folder, tag=tag, forcerm=True)
        yield tag
        engine.images.remove(tag, force=True, noprune=True)
    finally:
        engine.close()


@contextmanager
def stranger_image(tag: str) -> Iterator[str]:
    """Builds the image of the stranger's application. The tag exists while the block runs."""
    with own_image((PROJECT / "tests/stranger.py").read_text(), tag) as image:
        yield image


def published_images(registry: Registry) -> dict[str, str]:
    """Builds our images and pushes them, with which they leave the engine. By role, as `images` of Terraform has them,
    by digest."""
    references = {}
    for role, sources in _SOURCES.items():
        name = f"ringmaster-{role}:test"
        arguments = {"BASE_IMAGE": base_image()}
        image, _ = registry.engine.images.build(path=str(PROJECT / sources), buildargs=arguments, forcerm=True)
        references[role] = registry.publish(image.id, name)
    return references
