"""The image of servers, contestants and load generator, the one in which instructions are counted, and the edge's with
another HAProxy."""

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
from io import BytesIO
from pathlib import Path
from typing import Any

import docker

from loadtests.running import CannotMeasure
from tests.deployment import PROJECT, base_image

LABEL = "ringmaster.bench"
LOCK = PROJECT / "requirements" / "bench.txt"
SHIPPED = "haproxy"
"""What apt installs in the edge's image, as its argument HAPROXY has it."""
NEXT = "haproxy/experimental libpcre2-8-0/sid"
"""The newest that Debian has."""
_FOLDER = Path(__file__).parent / "image"
_EDGE = PROJECT / "infra" / "terraform" / "modules" / "ringmaster" / "modules" / "edge" / "image"
_CACHE = Path.home() / ".cache" / "ringmaster"
_BINARIES = {"envoy": "envoy/_bin/envoy", "caddy": "bin/caddy"}
"""Name → where its wheel puts it."""
_OLD_MIRROR = (
    "FROM {base}\n"
    "# Debian's signatures of sid and experimental are good for a week, and a mirror may stand still for longer.\n"
    "RUN echo 'Acquire::Check-Valid-Until \"false\";' >/etc/apt/apt.conf.d/90-old-mirror\n"
)


@contextmanager
def image(engine: docker.DockerClient) -> Iterator[str]:
    """Its tag. Only its own layer goes in the end: what is below is the next build's cache. Raises CannotMeasure."""
    with tempfile.TemporaryDirectory(prefix="ringmaster-bench-") as folder:
        context = shutil.copytree(_FOLDER, Path(folder) / "image")
        shutil.copy(Path(__file__).with_name("fixed_rate.py"), context)
        (context / "binaries").mkdir()
        for name, path in _BINARIES.items():
            shutil.copy(_wheels() / path, context / "binaries" / name)
        arguments = {"BASE_IMAGE": base_image()}
        with _built(engine, "ringmaster-bench", path=str(context), buildargs=arguments, labels={LABEL: ""}) as tag:
            yield tag


@contextmanager
def instructions_image(engine: docker.DockerClient, haproxy: str = SHIPPED) -> Iterator[str]:
    """The tag of the image in which instructions are counted. It has no files of its own. Raises CannotMeasure."""
    with (
        _base(engine, haproxy) as base,
        _built(
            engine,
            "ringmaster-instructions",
            path=str(_FOLDER),
            target="instructions",
            buildargs={"BASE_IMAGE": base, "HAPROXY": haproxy},
        ) as tag,
    ):
        yield tag


@contextmanager
def edge_image(engine: docker.DockerClient, haproxy: str) -> Iterator[str]:
    """The tag of the edge's image with another HAProxy. Raises CannotMeasure."""
    with (
        _base(engine, haproxy) as base,
        _built(
            engine, "ringmaster-edge-next", path=str(_EDGE), buildargs={"BASE_IMAGE": base, "HAPROXY": haproxy}
        ) as tag,
    ):
        yield tag


@contextmanager
def _base(engine: docker.DockerClient, haproxy: str) -> Iterator[str]:
    if haproxy == SHIPPED:
        yield base_image()
        return
    with _built(
        engine, "ringmaster-old-mirror", fileobj=BytesIO(_OLD_MIRROR.format(base=base_image()).encode())
    ) as tag:
        yield tag


@contextmanager
def _built(engine: docker.DockerClient, name: str, **build: Any) -> Iterator[str]:
    tag = f"{name}:{secrets.token_hex(3)}"
    try:
        engine.images.build(tag=tag, forcerm=True, **build)
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
