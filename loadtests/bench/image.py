"""The image of servers, contestants and load generator, and the one in which instructions are counted."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import docker

from loadtests.running import CannotMeasure
from tests.deployment import PROJECT, base_image

LABEL = "ringmaster.bench"
LOCK = PROJECT / "requirements" / "bench.txt"
_FOLDER = Path(__file__).parent / "image"
_CACHE = Path.home() / ".cache" / "ringmaster"
_BINARIES = {"envoy": "envoy/_bin/envoy", "caddy": "bin/caddy"}
"""Name → where its wheel puts it."""


@contextmanager
def image(engine: docker.DockerClient) -> Iterator[str]:
    """Its tag. Only its own layer goes in the end: what is below is the next build's cache. Raises CannotMeasure."""
    tag = f"ringmaster-bench:{secrets.token_hex(3)}"
    with tempfile.TemporaryDirectory(prefix="ringmaster-bench-") as folder:
        context = shutil.copytree(_FOLDER, Path(folder) / "image")
        (context / "binaries").mkdir()
        for name, path in _BINARIES.items():
            shutil.copy(_wheels() / path, context / "binaries" / name)
        try:
            engine.images.build(
                path=str(context), tag=tag, buildargs={"BASE_IMAGE": base_image()}, labels={LABEL: tag}, forcerm=True
            )
        except docker.errors.BuildError as error:
            log = "".join(line.get("stream", "") for line in error.build_log)
            raise CannotMeasure(f"the image cannot be built: {error}; run: make host\n{log[-2000:]}") from error
    try:
        yield tag
    finally:
        engine.images.remove(tag, noprune=True)


@contextmanager
def instructions_image(engine: docker.DockerClient) -> Iterator[str]:
    """The tag of the image in which instructions are counted. It has no files of its own. Raises CannotMeasure."""
    tag = f"ringmaster-instructions:{secrets.token_hex(3)}"
    arguments = {"BASE_IMAGE": base_image()}
    try:
        engine.images.build(path=str(_FOLDER), tag=tag, target="instructions", buildargs=arguments, forcerm=True)
    except docker.errors.BuildError as error:
        log = "".join(line.get("stream", "") for line in error.build_log)
        raise CannotMeasure(f"the image cannot be built: {error}; run: make host\n{log[-2000:]}") from error
    try:
        yield tag
    finally:
        engine.images.remove(tag, noprune=True)


def _wheels() -> Path:
    """The locked wheels' content, fetched when the lock has changed: builds do not reach the index, the host does."""
    target = _CACHE / f"bench-{sha256(LOCK.read_bytes()).hexdigest()[:12]}"
    if not target.exists():
        unfinished = target.with_name(f"{target.name}-{os.getpid()}")
        options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes", "--no-compile"]
        command = [sys.executable, "-m", "pip", "install", *options, "--target", str(unfinished), "-r", str(LOCK)]
        try:
            subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 (our own words)
            unfinished.rename(target)
        except subprocess.CalledProcessError as error:
            raise CannotMeasure(f"Envoy and Caddy cannot be fetched: {error.stderr.strip()[-1000:]}") from error
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    return target
