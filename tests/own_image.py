"""An image as a user's own would be: one program, and nothing of the project's servers but their Python."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docker

from tests.deployment import PROJECT, base_image


@contextmanager
def own_image(program: str, tag: str) -> Iterator[str]:
    """Of a program's text, under that tag until the end."""
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
        engine.images.remove(tag, force=True)
    finally:
        engine.close()
