"""The contestants put up side by side: the same servers, the same CPU limit, and nothing of it left in the end.

One core is the contestants', one at a time; load generator and servers have all the others, so that they do not take
from what is measured. Whoever runs a thread for each core runs one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import docker
from docker.models.containers import Container

from loadtests.bench import wrk
from loadtests.bench.contestants import CONTESTANTS, DEPLOYED, PORT, Contestant
from loadtests.bench.image import image
from loadtests.running import CannotMeasure, engine
from tests.containers import DEPLOYMENT, ROLE, remove
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
_SECOND = 10**9
_HEALTHCHECK = {
    "test": ["CMD", "bash", "-c", f"exec 3<>/dev/tcp/127.0.0.1/{PORT}; printf 'GET / HTTP/1.0\r\n\r\n' >&3; read -u 3"],
    "interval": 5 * _SECOND,
    "timeout": 3 * _SECOND,
}
"""As often and as dear as the edge's own: what it costs counts for the container's CPU time."""


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

    def cpu_seconds(self) -> tuple[float, float]:
        """What its container has used so far, and what of it in the kernel."""
        told = self.container.client.api.stats(self.container.id, stream=False, one_shot=True)
        usage = told["cpu_stats"]["cpu_usage"]
        return usage["total_usage"] / 1e9, usage["usage_in_kernelmode"] / 1e9


@dataclass(frozen=True, slots=True)
class Arena:
    """`entrants` in the order in which contestants are listed; `cores`: the contestants' own, and the others'."""

    entrants: Sequence[Entrant]
    loader: Container
    cores: tuple[str, str]

    def load(self, entrant: Entrant, *, seconds: int, connections: int, seed: int) -> wrk.Load:
        url = f"http://{entrant.host}:{PORT}/home"
        _, output = self.loader.exec_run(wrk.command(url, seconds=seconds, connections=connections, seed=seed))
        return wrk.parse(output.decode(errors="replace"))

    def versions(self) -> dict[str, str]:
        """Name → what it says of itself; the load generator's, too."""
        told = {entrant.name: _first_line(entrant.container, entrant.contestant.version) for entrant in self.entrants}
        return {**told, "wrk": _first_line(self.loader, ("wrk", "-v"))}


@contextmanager
def arena(names: Collection[str]) -> Iterator[Arena]:
    """With the contestants of these names. Raises CannotMeasure where the machine is too small or a part is missing."""
    with ExitStack() as stack:
        here = stack.enter_context(engine())
        ours, others = _cores(here)
        tag = stack.enter_context(image(here))
        up = {
            name: stack.enter_context(Deployment(server_image=tag, **variables, **_SETTINGS))
            for name, variables in DEPLOYED.items()
            if name in names or name == "edge"
        }
        for container in (container for deployment in up.values() for container in deployment.containers.all):
            container.update(cpuset_cpus=others)
        start = partial(_start, stack, up["edge"], tag)
        loader = start("loader", ("sleep", "infinity"), cpuset_cpus=others)
        for deployment in up.values():
            if deployment is not up["edge"]:
                _network(deployment).connect(loader)
        found = [_entrant(CONTESTANTS[name], up, start, ours) for name in CONTESTANTS if name in names]
        yield Arena(found, loader, (ours, others))


def _entrant(
    contestant: Contestant, up: Mapping[str, Deployment], start: Callable[..., Container], cores: str
) -> Entrant:
    deployment = up.get(contestant.name, up["edge"])
    if contestant.command:
        container = start(
            contestant.name,
            contestant.command,
            cpuset_cpus=cores,
            environment=contestant.environment,
            healthcheck=_HEALTHCHECK,
        )
    elif contestant.name == "direct":
        container = deployment.containers.server(deployment.replicas[0])
    elif not deployment.containers.of("edge"):
        container = deployment.containers.balancer
        container.update(cpuset_cpus=cores)
    else:
        container = deployment.containers.edge
        container.update(cpuset_cpus=cores)
        container.restart()  # HAProxy counts its cores when it starts
        deployment.wait_until_ready()
    entrant = Entrant(contestant, container, deployment)
    try:
        until(lambda: answers(f"{entrant.host}:{PORT}"), f"{entrant.name} answers", within=_UP_WITHIN)
    except AssertionError as error:
        log = container.logs(tail=20).decode(errors="replace")
        raise CannotMeasure(f"{error}; it said:\n{log}") from error
    return entrant


def _start(
    stack: ExitStack, deployment: Deployment, tag: str, name: str, command: Sequence[str], **options: Any
) -> Container:
    """On the deployment's network, as locked down as an edge. By its label the deployment would remove what is left."""
    container = deployment.containers.engine.containers.run(
        tag,
        list(command),
        name=f"{deployment.deployment}-{name}",
        network=_network(deployment).name,
        labels={DEPLOYMENT: deployment.deployment, ROLE: "bench"},
        read_only=True,
        tmpfs={"/tmp": "size=16m,mode=1777"},  # noqa: S108 (a path in the container)
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        sysctls={"net.ipv4.tcp_retries2": "2"},
        detach=True,
        **options,
    )
    stack.callback(remove, container)
    return container


def address(container: Container) -> str:
    """Its IP address on the network that it was started on."""
    container.reload()
    return str(next(iter(container.attrs["NetworkSettings"]["Networks"].values()))["IPAddress"])


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
