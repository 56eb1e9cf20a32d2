"""ManyEdges on the bench: the real hub in this process, and two edges as Swarm runs them, in containers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from balancer.adapters.edges.hub import EdgeHub
from balancer.adapters.edges.many_edges import ManyEdges
from balancer.adapters.edges.wire import EDGE_NAME, HUB_NAME
from balancer.core.errors import PlaneUnavailable
from balancer.core.load import Load
from balancer.core.routes import Backend
from tests.certificates import Authority, put_edge_certificates
from tests.containers import remove
from tests.contract.agent_bench import inside, processes, swarm_edge
from tests.contract.lab import PORT, Lab
from tests.contract.plane_bench import NO_HEADERS, NOTHING, answering, held, wait_for
from tests.edge_options import OPTIONS
from tests.polling import until

LEASE = 3.0


class Measured(ManyEdges):
    """`has_measured`: the agents have begun to measure response times, and know nothing of planes that come and go."""

    has_measured = False

    def load(self) -> Load:
        self.has_measured = True
        return super().load()


class EdgesBench:
    """A PlaneBench. Requests go to the edges in turn; those that are timed or held go to the first one, for response
    times and bounded load are each edge's own. `folder`: for certificates, and for the sockets that nobody listens
    on."""

    def __init__(self, lab: Lab, folder: Path, servers: tuple[Backend, ...]) -> None:
        authority = Authority()
        folder.chmod(0o755)
        self.servers = servers
        self.plane: Measured
        self._hub = EdgeHub(0, put_edge_certificates(folder / "hub", authority.authority, HUB_NAME), LEASE, folder)
        self._edges = put_edge_certificates(folder / "edges", authority.authority, EDGE_NAME)
        self._lab = lab

    def __enter__(self) -> Self:
        port = self._hub.start()
        hub = f"{self._lab.gateway}:{port}"
        self.containers = [swarm_edge(self._lab, self._edges, hub, node) for node in ("node-1", "node-2")]
        self.change()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for container in self.containers:
            remove(container)
        self._hub.stop()

    def reset(self) -> None:
        if self.plane.has_measured:
            for container in self.containers:
                for process in processes(container, "python3"):
                    inside(container, f"kill -KILL {process}")
        self.change()

    def change(self, **changes: Any) -> None:
        """The plane of a balancer with other settings, until the next reset."""
        self.plane = self.traffic = Measured(self._hub, replace(OPTIONS, **changes))
        until(self._is_told_nothing, "both edges obey", within=20)

    @property
    def urls(self) -> list[str]:
        return [f"http://{self._lab.address(container)}:{PORT}" for container in self.containers]

    @property
    def url(self) -> str:
        return self.urls[0]

    def answers(self, count: int, headers: Mapping[str, str] = NO_HEADERS) -> list[str]:
        urls = self.urls
        return [answering(urls[number % len(urls)], headers) for number in range(count)]

    def wait_for(self, seconds: float, requests: int) -> float:
        return wait_for(self.url, seconds, requests)

    def held(self, *names: str, headers: Mapping[str, str] = NO_HEADERS, nth: int = 1) -> AbstractContextManager[None]:
        return held(self.url, self.plane, *names, headers=headers, nth=nth)

    @contextmanager
    def away(self) -> Iterator[None]:
        for container in self.containers:
            container.stop(timeout=10)
        try:
            until(lambda: not any(edge.is_leased for edge in self._hub.edges()), "their leases are over", within=10)
            yield
        finally:
            for container in self.containers:
                container.start()
            until(lambda: all(edge.is_serving for edge in self._hub.edges()), "the edges are back", within=20)

    def _is_told_nothing(self) -> bool:
        try:
            self.plane.apply(NOTHING)
        except PlaneUnavailable:
            return False
        return [edge.in_step for edge in self.plane.edges()] == [True, True]
