"""ManyEdges on the bench: the hub in this process, and two edges with their agents in containers of the image that
Swarm runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from itertools import cycle
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import trustme
from docker.models.containers import Container

from balancer.adapters.edges.hub import EdgeHub
from balancer.adapters.edges.many_edges import ManyEdges
from balancer.adapters.edges.wire import EDGE_NAME, HUB_NAME
from balancer.adapters.haproxy.config import EdgeOptions
from balancer.core.errors import PlaneUnavailable
from balancer.core.routes import Backend, Routes
from tests.certificates import put_edge_certificates
from tests.contract.haproxy_bench import wait_until_it_listens
from tests.contract.lab import PORT, Lab, remove
from tests.contract.plane_bench import NO_HEADERS, NOTHING, answering, held, wait_for
from tests.polling import until

_LEASE = 3.0
_END_AGENT = """
import os, pathlib
for file in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
    if file.read_bytes().split(b"\\0")[-3:-1] == [b"-m", b"edge_agent"]:
        os.kill(int(file.parent.name), 15)
"""
"""What ends the agent in its container, for the image has no pkill. It is started again there."""


class EdgesBench:
    """A PlaneBench. Requests go to the two edges in turn, but those that are timed, or are held, to the first one."""

    def __init__(self, lab: Lab, folder: Path, servers: tuple[Backend, ...]) -> None:
        self.servers = servers
        self._lab = lab
        self._folder = folder
        self._options = EdgeOptions(
            directory=Path("/run/ringmaster"),
            stream_timeout=3600,
            queue_timeout=10,
            server_max_connections=0,
            server_keep_alive=True,
            trusted_proxies=(),
            control_prefix="",
            public_control=True,
            response_timeout=20,
            course_errors=False,
            explain=True,
            access_log="errors",
            traceparent="make",
            bufsize=8192,
        )
        self._containers: list[Container] = []

    def __enter__(self) -> Self:
        authority = trustme.CA()
        certificates = put_edge_certificates(self._folder / "hub", authority, HUB_NAME)
        self.hub = EdgeHub(0, certificates, _LEASE, self._folder)
        port = self.hub.start()
        theirs = put_edge_certificates(self._folder / "agents", authority, EDGE_NAME)
        self._folder.chmod(0o755)
        theirs.chmod(0o755)
        for node in ("one", "two"):
            container = self._lab.run(
                f"edge-{node}",
                self._lab.swarm_edge_image,
                environment={"RINGMASTER_NODE": node, "RINGMASTER_HUB": f"{self._lab.gateway}:{port}"},
                volumes=[f"{theirs}:/run/edges:ro"],
                read_only=True,
                tmpfs={
                    "/tmp": "size=16m,mode=1777",  # noqa: S108 (a path in the container)
                    "/run/ringmaster": "size=64m,mode=0770,uid=10001,gid=10001",
                },
                cap_drop=["ALL"],
                security_opt=["no-new-privileges"],
            )
            self._containers.append(container)
        self.plane = self.traffic = ManyEdges(self.hub, self._options)
        self._obey_nothing()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for container in self._containers:
            remove(container)
        self.hub.stop()

    def reset(self) -> None:
        """With new agents: an agent remembers response times."""
        for container in self._containers:
            container.exec_run(["python3", "-c", _END_AGENT])
        self.change()

    def change(self, **changes: Any) -> None:
        """The plane of a balancer with other settings, until the next reset."""
        self.plane = self.traffic = ManyEdges(self.hub, replace(self._options, **changes))
        self._obey_nothing()

    @property
    def urls(self) -> tuple[str, ...]:
        return tuple(f"http://{self._lab.address(container)}:{PORT}" for container in self._containers)

    @property
    def url(self) -> str:
        return self.urls[0]

    def answers(self, count: int, headers: Mapping[str, str] = NO_HEADERS) -> list[str]:
        urls = cycle(self.urls)
        return [answering(next(urls), headers) for _ in range(count)]

    def wait_for(self, seconds: float, requests: int) -> float:
        return wait_for(self.url, seconds, requests)

    def held(self, *names: str, headers: Mapping[str, str] = NO_HEADERS, nth: int = 1) -> AbstractContextManager[None]:
        return held(self.url, self.plane, *names, headers=headers, nth=nth)

    @contextmanager
    def away(self) -> Iterator[None]:
        for container in self._containers:
            container.stop(timeout=1)
        until(lambda: not any(edge.is_leased for edge in self.hub.edges()), "both are lost", within=2 * _LEASE)
        try:
            yield
        finally:
            for container in self._containers:
                container.start()
            until(lambda: all(edge.is_serving for edge in self.hub.edges()), "both are back", within=15)
            for container in self._containers:
                wait_until_it_listens(self._lab, container)

    def _obey_nothing(self) -> None:
        until(lambda: self._tell(NOTHING), "both edges obey", within=20)

    def _tell(self, routes: Routes) -> bool:
        """As the reconciler does it."""
        try:
            self.plane.apply(routes)
        except PlaneUnavailable:
            return False
        return len(self.hub.edges()) == 2 and all(edge.in_step for edge in self.hub.edges())
