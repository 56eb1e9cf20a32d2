"""What belongs before the nodes, and is no part of Ringmaster: a balancer that checks them. Here it is an HAProxy on
one of the nodes, of the image that the edges run."""

from __future__ import annotations

import secrets
from types import TracebackType
from typing import Self

from docker.models.containers import Container

from tests.http_client import ask
from tests.polling import until
from tests.registry import archive
from tests.swarm import names
from tests.swarm.several_hosts import SeveralHosts

_PORT = 8000
_CONFIG = """
defaults
    mode http
    timeout connect 2s
    timeout client 90s
    timeout server 90s
    option redispatch 1
    retries 6
    retry-on conn-failure empty-response

listen front
    bind :{port}
    option httpchk GET /home
    default-server check inter 300ms fall 1 rise 2
{nodes}
"""


class Front:
    """In a with statement it sends each request to a node that answers, at `url`. A request that a node did not accept,
    or closed the connection of without a word, goes to another one: no more is asked of what stands there."""

    def __init__(self, hosts: SeveralHosts, *, on: str) -> None:
        """`on`: the node that it runs on."""
        self._host = hosts.hosts[on]
        self._nodes = {node: host.url.removeprefix("http://") for node, host in hosts.hosts.items()}
        self._container: Container | None = None
        self.url = f"http://{hosts.playground.address(on)}:{_PORT}"

    def __enter__(self) -> Self:
        engine = self._host.containers.engine
        image = engine.services.get(names.EDGE_SERVICE).attrs["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"]
        servers = "\n".join(f"    server {node} {address}" for node, address in self._nodes.items())
        self._container = engine.containers.create(
            image,
            ["-W", "-db", "-f", "/tmp/front.cfg"],  # noqa: S108 (in its container)
            entrypoint="haproxy",
            name=f"test-front-{secrets.token_hex(3)}",
            network_mode="host",
            labels={"ringmaster.deployment": "test-front"},
        )
        try:
            self._container.put_archive("/tmp", archive({"front.cfg": _CONFIG.format(port=_PORT, nodes=servers)}))  # noqa: S108
            self._container.start()
            until(self._answers, "the front answers", within=30)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        if self._container:
            self._container.remove(force=True)

    def _answers(self) -> bool:
        try:
            return ask("GET", self.url, "/home").status == 200
        except OSError:
            return False
