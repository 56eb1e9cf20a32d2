"""Another image for the servers, on every node: the usual one with one more label."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from docker.errors import ImageNotFound

from tests.swarm.several_hosts import SeveralHosts


@contextmanager
def other_image(hosts: SeveralHosts, usual: str) -> Iterator[str]:
    """Its name, a tag of the usual one's repository. When the block ends it is on no node any more: no server may be
    made of it then."""
    first, *others = (host.containers.engine for host in hosts.living)
    repository, tag = usual.rpartition(":")[0] or usual, f"other-{secrets.token_hex(3)}"
    container = first.containers.create(usual)
    try:
        container.commit(repository=repository, tag=tag, changes="LABEL test.other=yes")
    finally:
        container.remove(force=True)
    name = f"{repository}:{tag}"
    content = b"".join(first.images.get(name).save(named=name))
    for engine in others:
        engine.images.load(content)
    try:
        yield name
    finally:
        for engine in (first, *others):
            try:
                engine.images.remove(name, force=True)
            except ImageNotFound:
                continue
