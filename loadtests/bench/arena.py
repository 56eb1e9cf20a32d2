"""The contestants put up side by side: the same servers, the same CPU limit, and nothing of it left in the end.

One core is the contestants', one at a time; load generator and servers have all the others, so that they do not take
from what is measured. Whoever runs a thread for each core runs one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import docker
from docker.models.containers import Container

from loadtests.bench import wrk
from loadtests.bench.contestants import CONTESTANTS, PORT, Contestant
from loadtests.bench.image import image
from loadtests.running import CannotMeasure, engine
from tests.containers import DEPLOYMENT, ROLE
from tests.contract.lab import answers
from tests.deployment import Deployment
from tests.polling import until
from tests.system import System

SERVERS = 3
_UP_WITHIN = 20.0
"""Seconds."""
_SETTINGS = {
    "replicas": SERVERS,
    "ring": {"key": "header:X-User"},
    # The fleet stays as it is, also while a server is ended and started again to see what becomes of requests.
    "heartbeat": {"interval": 1, "timeout": 1, "strikes": 100},
}


@dataclass(frozen=True, slots=True)
class Entrant:
    """A contestant on its place. `servers`: those to which it sends."""

    contestant: Contestant
    container: Container
    servers: System

    @property
    def name(self) -> str:
        return self.contestant.name

    @property
    def host(self) -> str:
        return address(self.container)

    @property
    def url(self) -> str:
        return f"http://{self.host}:{PORT}/home"

    def cpu_seconds(self) -> tuple[float, float]:
        """What its container has used so far, and what of it in the kernel."""
        told = self.container.client.api.stats(self.container.id, stream=False, one_shot=True)
        usage = told["cpu_stats"]["cpu_usage"]
        return usage["total_usage"] / 1e9, usage["usage_in_kernelmode"] / 1e9


class Arena:
    """`entrants` in the order in which contestants are listed; `cores`: the contestants' own, and the others'."""

    def __init__(self, entrants: Sequence[Entrant], loader: Container, cores: tuple[str, str]) -> None:
        self.entrants = entrants
        self.cores = cores
        self._loader = loader

    def load(self, entrant: Entrant, *, seconds: int, connections: int, seed: int) -> wrk.Load:
        command = wrk.command(entrant.url, seconds=seconds, connections=connections, seed=seed)
        _, output = self._loader.exec_run(command)
        return wrk.parse(output.decode(errors="replace"))

    def versions(self) -> dict[str, str]:
        """Name → what it says of itself; the load generator's, too."""
        told = {entrant.name: _first_line(entrant.container, entrant.contestant.version) for entrant in self.entrants}
        return {**told, "wrk": _first_line(self._loader, ("wrk", "-v"))}


@contextmanager
def arena(names: Collection[str]) -> Iterator[Arena]:
    """With the contestants of these names. Raises CannotMeasure where the machine is too small or a part is missing."""
    with ExitStack() as stack:
        here = stack.enter_context(engine())
        ours, others = _cores(here)
        tag = stack.enter_context(image(here))
        deployment = stack.enter_context(Deployment(server_image=tag, **_SETTINGS))
        place = _Place(stack, deployment, tag, ours=ours, others=others)
        loader = place.start("loader", ("sleep", "infinity"), others)
        found = {name: place.entrant(CONTESTANTS[name]) for name in CONTESTANTS if name in names}
        for servers in {id(entrant.servers): entrant.servers for entrant in found.values()}.values():
            if servers is not deployment:
                _network(servers).connect(loader)
        yield Arena(list(found.values()), loader, (ours, others))


class _Place:
    """On the network of a deployment, whose servers all share."""

    def __init__(self, stack: ExitStack, deployment: Deployment, tag: str, *, ours: str, others: str) -> None:
        self._stack = stack
        self._deployment = deployment
        self._tag = tag
        self._ours = ours
        self._others = others
        _pin(deployment, others)

    def entrant(self, contestant: Contestant) -> Entrant:
        match contestant.name:
            case "edge":
                container = self._deployment.containers.edge
                container.update(cpuset_cpus=self._ours)
                container.restart()  # HAProxy counts its cores when it starts
                self._deployment.wait_until_ready()
            case "flask":
                return self._flask(contestant)
            case "direct":
                container = self._deployment.containers.server(self._deployment.replicas[0])
            case _:
                container = self.start(contestant.name, contestant.command, self._ours, contestant.environment)
        entrant = Entrant(contestant, container, self._deployment)
        _wait(entrant)
        return entrant

    def start(self, name: str, command: Sequence[str], cores: str, environment: Any = None) -> Container:
        """As locked down as the edge is. By its label the deployment would remove what was left here."""
        container = self._deployment.containers.engine.containers.run(
            self._tag,
            list(command),
            name=f"{self._deployment.deployment}-{name}",
            environment=environment,
            network=_network(self._deployment).name,
            cpuset_cpus=cores,
            labels={DEPLOYMENT: self._deployment.deployment, ROLE: "bench"},
            read_only=True,
            tmpfs={"/tmp": "size=16m,mode=1777"},  # noqa: S108 (a path in the container)
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
            detach=True,
        )
        self._stack.callback(container.remove, force=True, v=True)
        return container

    def _flask(self, contestant: Contestant) -> Entrant:
        deployment = self._stack.enter_context(Deployment(server_image=self._tag, data_plane="flask", **_SETTINGS))
        _pin(deployment, self._others)
        deployment.containers.balancer.update(cpuset_cpus=self._ours)
        return Entrant(contestant, deployment.containers.balancer, deployment)


def address(container: Container) -> str:
    """Its IP address on the network that it was started on."""
    container.reload()
    return str(next(iter(container.attrs["NetworkSettings"]["Networks"].values()))["IPAddress"])


def _wait(entrant: Entrant) -> None:
    try:
        until(lambda: answers(f"{entrant.host}:{PORT}"), f"{entrant.name} answers", within=_UP_WITHIN)
    except AssertionError as error:
        log = entrant.container.logs(tail=20).decode(errors="replace")
        raise CannotMeasure(f"{error}; it said:\n{log}") from error


def _pin(deployment: Deployment, cores: str) -> None:
    for container in deployment.containers.all:
        container.update(cpuset_cpus=cores)


def _network(system: System) -> Any:
    (network,) = system.containers.engine.networks.list(filters={"label": f"{DEPLOYMENT}={system.deployment}"})
    return network


def _cores(here: docker.DockerClient) -> tuple[str, str]:
    """The last one, which gets the fewest of the machine's interrupts; and all before it."""
    count = here.info()["NCPU"]
    if count < 2:
        raise CannotMeasure("one core is not enough: load generator and contestant would take from each other")
    return str(count - 1), f"0-{count - 2}"


def _first_line(container: Container, command: Sequence[str]) -> str:
    _, output = container.exec_run(list(command))
    return str(output.decode(errors="replace")).strip().partition("\n")[0]
