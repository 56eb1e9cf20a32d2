"""The edge's image takes another HAProxy by a build argument (docs/decisions/0041-a-newer-haproxy.md)."""

from __future__ import annotations

import re
from collections.abc import Iterator

import docker
import pytest

from loadtests.bench.image import NEXT, edge_image

pytestmark = pytest.mark.docker


@pytest.fixture
def engine() -> Iterator[docker.DockerClient]:
    engine = docker.from_env()
    yield engine
    engine.close()


@pytest.mark.long
def test_haproxy_is_the_one_of_the_suite_that_was_named_and_the_rest_is_as_it_was(engine: docker.DockerClient) -> None:
    with edge_image(engine, NEXT) as tag:

        def run(*command: str) -> str:
            return str(engine.containers.run(tag, list(command), entrypoint=[], remove=True).decode())

        version = re.search(r"version (\d+)\.(\d+)", run("haproxy", "-v"))
        assert version
        assert tuple(map(int, version.groups())) >= (3, 4)
        assert "trixie" in run("cat", "/etc/os-release")
        assert "+deb13" in run("dpkg-query", "--show", "libc6")
        assert "experimental" not in run(
            "sh", "-c", "cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null || true"
        )
        assert "sid" not in run("sh", "-c", "cat /etc/apt/preferences.d/* 2>/dev/null || true")
