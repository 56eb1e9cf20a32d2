"""The playground: Docker engines in network namespaces of this machine, as nodes of one Swarm. See infra/playground."""

from __future__ import annotations

import os
import subprocess
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

import docker

from tests.deployment import PROJECT
from tests.polling import until

FOLDER = Path("/var/lib/ringmaster-playground")
_POOL = "10.78.0.0/16"
"""Addresses for the overlay networks."""


class Playground:
    """Engines named node1, node2, … `folder`: of their sockets and data. While it is used in a with statement they run;
    the engines of one machine are one playground."""

    def __init__(self, nodes: int = 3, *, folder: Path = FOLDER) -> None:
        self.nodes = tuple(f"node{number}" for number in range(1, nodes + 1))
        self.folder = folder
        self._clients = ExitStack()

    def __enter__(self) -> Self:
        self.engines("up", str(len(self.nodes)))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._clients.close()
        self.engines("down")

    def engines(self, *words: str) -> str:
        """What infra/playground/engines prints: `cut NAME`, `heal NAME`, `kill NAME`, `start NAME`."""
        done = subprocess.run(
            [str(PROJECT / "infra" / "playground" / "engines"), *words],
            env={**os.environ, "RINGMASTER_PLAYGROUND": str(self.folder)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"engines {' '.join(words)}: {done.stderr}"
        return done.stdout

    def host(self, node: str) -> str:
        """The engine's address, as DOCKER_HOST has it."""
        return f"unix://{self.folder / node / 'docker.sock'}"

    def address(self, node: str) -> str:
        """The node's IP address."""
        return f"10.77.0.{10 + int(node.removeprefix('node'))}"

    def client(self, node: str) -> docker.DockerClient:
        client = docker.DockerClient(base_url=self.host(node))
        self._clients.callback(client.close)
        return client

    def form_swarm(self, *, managers: int = 3) -> None:
        """All nodes become one Swarm; the first `managers` of them are managers. No services, nothing of Ringmaster."""
        first = self.client(self.nodes[0])
        first.swarm.init(advertise_addr=self.address(self.nodes[0]), default_addr_pool=[_POOL])
        tokens = first.swarm.attrs["JoinTokens"]
        for number, node in enumerate(self.nodes[1:], start=2):
            self.client(node).swarm.join(
                remote_addrs=[f"{self.address(self.nodes[0])}:2377"],
                join_token=tokens["Manager" if number <= managers else "Worker"],
                advertise_addr=self.address(node),
            )

    def wait_until_whole(self) -> None:
        """Until the managers have a leader that finds every node ready: after a cut that takes them seconds."""
        until(self._is_whole, f"{', '.join(self.nodes)} are ready", within=60, pause=0.2)

    def _is_whole(self) -> bool:
        client = docker.APIClient(base_url=self.host(self.nodes[0]), timeout=30)
        try:
            states = [node["Status"]["State"] for node in client.nodes()]
        except docker.errors.APIError:  # no leader
            return False
        finally:
            client.close()
        return states.count("ready") == len(self.nodes)

    def load(self, image: str) -> None:
        """Every node gets this image of the machine's own engine. It has the same id there."""
        own = docker.from_env()
        self._clients.callback(own.close)
        content = b"".join(own.images.get(image).save(named=True))
        for node in self.nodes:
            self.client(node).images.load(content)
