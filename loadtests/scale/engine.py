"""An engine that is none: the real keeper's socket and verbs, over containers in memory on loopback addresses."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import cast

from balancer.adapters.docker_images import DockerImages
from balancer.core.fleet import Fleet
from balancer.core.image import Image
from balancer.core.observed import Observed
from balancer.core.policy import Policy
from keeper.server import KeeperServer
from keeper.verbs import Verbs
from tests.fakes.runtime import FakeRuntime

CONTENT = f"sha256:{'0a' * 32}"


class LoopbackEngine(FakeRuntime):
    """Its servers are all 127.1.0.0/16. `listed`: how often all containers were listed."""

    def __init__(self) -> None:
        super().__init__()
        self.listed = 0
        self._addresses = iter(f"127.1.{number // 250}.{number % 250 + 1}" for number in range(60_000))
        self._ids = (f"{number:064x}" for number in count(1))

    def observe(self) -> dict[str, Observed]:
        self.listed += 1
        return super().observe()

    def containers(self) -> list[Observed]:
        return list(self.observe().values())

    def run(self, fleet: Fleet) -> Fleet:
        """Starts all servers of the fleet. Returns the fleet with their addresses."""
        for server in fleet.servers:
            self.start(server, fleet.release_of(server))
        return fleet.moved({instance: container.address for instance, container in self.observe().items()})


class _Images:
    """One image, whatever it is called."""

    def find(self, name: str) -> Image | None:
        return self.look(name)[0]

    def look(self, name: str) -> tuple[Image | None, tuple[str, ...]]:
        return Image(CONTENT), (name,)


@contextmanager
def keeper(engine: LoopbackEngine, path: Path, policy: Policy) -> Iterator[None]:
    verbs = Verbs(runtime=engine, local=engine, images=cast(DockerImages, _Images()), policy=policy)
    with KeeperServer(path, verbs, most_calls=policy.servers + 32) as server:
        thread = threading.Thread(target=server.serve_forever, args=[0.05])
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
