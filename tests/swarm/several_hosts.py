"""A deployment on the three nodes of the playground, as its users see it, and what can happen to a node."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any, Self

import docker
from docker.errors import DockerException
from requests.exceptions import RequestException

from tests.deployment import PROJECT
from tests.playground import Playground
from tests.polling import until
from tests.swarm import names
from tests.swarm.host import Host
from tests.swarm.swarm_state import belongings, nodes_of, set_availability

_WHOLE_WITHIN = 60.0
"""Seconds until everything is as it was, on a machine at rest, after whatever happened to a node."""


class SeveralHosts:
    """In a with statement the deployment is up and whole; afterwards no engine of the playground is left. `hosts`:
    node → the deployment as it is seen there. `away`: the nodes that are killed, cut off or drained now. `variables`,
    `settings`: Terraform's and the roles'. `is_up`: the deployment that `make swarm-up` made is taken, and left."""

    def __init__(self, variables: Mapping[str, Any] = names.VARIABLES, *, is_up: bool = False, **settings: Any) -> None:
        self.variables = dict(variables)
        self.settings = settings
        self.is_up = is_up
        self.playground = Playground()
        self.token = ""
        self.hosts: dict[str, Host] = {}
        self.away: set[str] = set()

    def __enter__(self) -> Self:
        try:
            if not self.is_up:
                self.deploy()
            self.token = (self.playground.folder / names.TOKEN_FILE).read_text(encoding="utf-8").strip()
            self.hosts = {node: Host(node, self.playground, self.token) for node in self.playground.nodes}
            self.wait_until_whole()
            missing = int(self.variables["replicas"]) - len(self.operator.replicas)
            assert missing <= 0 or self.operator.add(missing).status == 200
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        for host in self.hosts.values():
            host.containers.close()
        if not self.is_up:
            self._run(*names.DOWN)

    def deploy(self, **settings: Any) -> None:
        """What `make up` does with these settings over the usual ones."""
        self._run(*names.up(self.variables, **{**self.settings, **settings}))

    def destroy(self) -> None:
        """Takes the deployment away; engines and Swarm stay."""
        self._run(*names.DESTROY)

    def verify(self) -> None:
        self._run(*names.VERIFY)

    # Who is there

    @property
    def living(self) -> list[Host]:
        return [host for node, host in self.hosts.items() if node not in self.away]

    @property
    def systems(self) -> list[Host]:
        """Whose logs the report of a failure has."""
        return list(self.hosts.values())

    @property
    def urls(self) -> dict[str, str]:
        """node → the URL of its edge, of all living nodes."""
        return {host.node: host.url for host in self.living}

    @property
    def operator(self) -> Host:
        """Through whom control is asked."""
        return self.living[0]

    @property
    def manager(self) -> docker.DockerClient:
        """The engine of a living manager."""
        return self.operator.containers.engine

    @property
    def balancer_node(self) -> str:
        """Where the balancer runs; empty while it runs nowhere, or on two nodes, or Swarm does not say."""
        found = self._nodes_of(names.BALANCER_SERVICE)
        return found.pop() if len(found) == 1 else ""

    def _nodes_of(self, service: str) -> set[str]:
        """Where the service runs, of the living nodes; none where Swarm does not say."""
        try:
            return nodes_of(self.manager, service) - self.away
        except (DockerException, RequestException):
            return set()

    @property
    def places(self) -> dict[str, list[str]]:
        """node → the servers whose containers run there, of the living nodes."""
        return {host.node: host.running_servers for host in self.living}

    # What is told

    @property
    def edges(self) -> dict[str, dict[str, Any]]:
        """node → what GET /edges tells of its edge; empty while nobody answers."""
        try:
            answer = self.operator.operate("GET", names.EDGES)
        except OSError:
            return {}
        return {edge["node"]: edge for edge in answer.document["edges"]} if answer.status == 200 else {}

    @property
    def obeying(self) -> set[str]:
        """The nodes whose edges take part, and obey the present routes."""
        return {
            node for node, edge in self.edges.items() if edge[names.LEASED] and edge[names.SERVING] and edge["in_step"]
        }

    @property
    def owners(self) -> list[str]:
        """slot → the hostname of its owner."""
        return list(self.operator.operate("GET", "/ring/slots").document["owners"])

    @property
    def last_event(self) -> int:
        return int(self.operator.operate("GET", "/events?limit=1").document["next"])

    def events(self, since: int) -> list[Mapping[str, Any]]:
        """What came after event `since`. A balancer that has been started since then tells its own events, whose
        numbers are higher."""
        return list(self.operator.operate("GET", f"/events?limit=1000&since={since}").document["events"])

    # Waiting

    def is_whole(self) -> bool:
        """N servers serve, each has one container, on a living node, and exactly the edges of the living nodes take
        part and obey."""
        if not self.operator.is_ready:
            return False
        running = sorted(server for servers in self.places.values() for server in servers)
        leased = {node for node, edge in self.edges.items() if edge[names.LEASED]}
        nodes = set(self.urls)
        edges = self._nodes_of(names.EDGE_SERVICE)
        return edges == leased == nodes and self.obeying == nodes and running == sorted(self.operator.replicas)

    def wait_until_whole(self) -> None:
        until(self.is_whole, f"the deployment is whole on {sorted(self.urls)}", within=_WHOLE_WITHIN, pause=0.3)

    def wait_until_replaced(self, lost: Sequence[str], *, since: float) -> float:
        """Until N servers serve and none of the lost ones is among them. Returns the seconds since `since`."""

        def are_replaced() -> bool:
            replicas = self.operator.replicas
            return (
                len(replicas) == self.variables["replicas"] and not set(lost) & set(replicas) and self.operator.is_ready
            )

        until(are_replaced, f"{sorted(lost)} are replaced", within=_WHOLE_WITHIN)
        return time.monotonic() - since

    def even_out(self) -> None:
        """Servers of the fullest node are replaced by new ones until no node has two more than another. Swarm moves
        none by itself, so a node that came back has none."""
        for _ in range(2 * names.SERVERS):
            fullest, emptiest = (pick(self.places.items(), key=lambda place: len(place[1])) for pick in (max, min))
            if len(fullest[1]) - len(emptiest[1]) < 2:
                return
            removed = self.operator.rm(1, [fullest[1][0]])
            assert removed.status == 200, removed
            added = self.operator.add(1)
            assert added.status == 200, added
            self.wait_until_whole()

    # What happens to nodes; each ends with the block

    @contextmanager
    def killed(self, node: str) -> Iterator[float]:
        """Its engine and all that it runs get SIGKILL. Yields the moment."""
        self.away.add(node)
        moment = time.monotonic()
        self.playground.engines("kill", node)
        try:
            yield moment
        finally:
            self.playground.engines("start", node)
            self.away.discard(node)

    @contextmanager
    def cut_off(self, *nodes: str) -> Iterator[float]:
        """Their links are down. Yields the moment."""
        self.away.update(nodes)
        moment = time.monotonic()
        for node in nodes:
            self.playground.engines("cut", node)
        try:
            yield moment
        finally:
            for node in nodes:
                self.playground.engines("heal", node)
            self.away.difference_update(nodes)

    @contextmanager
    def drained(self, node: str) -> Iterator[None]:
        self.away.add(node)
        set_availability(self.manager, node, "drain")
        try:
            yield
        finally:
            set_availability(self.manager, node, "active")
            self.away.discard(node)

    def left(self) -> dict[str, dict[str, list[str]]]:
        """Where → kind → names of whatever is left of the deployment; empty after a destroy."""
        found = {host.node: host.belongings for host in self.hosts.values()}
        found["swarm"] = belongings(self.manager)
        return {where: told for where, told in found.items() if told}

    def _run(self, *command: str) -> None:
        environment = {**os.environ, names.TOKEN_VARIABLE: self.token}
        done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{' '.join(command)}:\n{done.stdout[-5000:]}\n{done.stderr[-5000:]}"
