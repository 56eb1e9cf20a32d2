"""The contestants put up side by side: the same servers, the same CPU limit, and nothing of it left in the end.

One core is the contestants', one at a time; load generator and servers have all the others, so that they do not take
from what is measured. Whoever runs a thread for each core runs one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import docker
from docker.models.containers import Container

from loadtests.bench import latency, threads, wrk
from loadtests.bench.contestants import CONFIG, CONTESTANTS, DEPLOYED, NEXT, PORT, Contestant
from loadtests.bench.image import edge_image, image
from loadtests.running import CannotMeasure, engine
from tests.containers import DEPLOYMENT, ROLE, remove
from tests.contract.lab import answers
from tests.deployment import Deployment
from tests.polling import until
from tests.system import System

SERVERS = 3
_UP_WITHIN = 20.0
"""Seconds."""
_FIXED_RATE = f"{CONFIG}/fixed_rate.py"
_WARM_UP = 0.5
"""Seconds at a fixed rate before what counts."""
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
    """`entrants` in the order in which contestants are listed; `cores`: the contestants' own, and the others'.
    `left_out`: name → why it takes no part."""

    entrants: Sequence[Entrant]
    loader: Container
    cores: tuple[str, str]
    left_out: Mapping[str, str]

    def load(self, entrant: Entrant, *, seconds: int, connections: int, seed: int) -> wrk.Load:
        url = f"http://{entrant.host}:{PORT}/home"
        _, output = self.loader.exec_run(wrk.command(url, seconds=seconds, connections=connections, seed=seed))
        return wrk.parse(output.decode(errors="replace"))

    def steady(self, entrant: Entrant, *, rate: int, seconds: int, connections: int, seed: int) -> dict[str, Any]:
        """The figures of a run at a fixed rate, however long answers take."""
        options = {
            "rate": rate,
            "seconds": seconds,
            "warm-up": _WARM_UP,
            "connections": connections,
            "keys": wrk.KEYS,
            "seed": seed,
        }
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        command = ["python3", _FIXED_RATE, f"http://{entrant.host}:{PORT}/home", *words]
        _, output = self.loader.exec_run(command)
        return latency.parse(output.decode(errors="replace"))

    @property
    def thread_counts(self) -> list[int]:
        return threads.counts(int(self.cores[0]) + 1)

    def give_threads(self, edge: Entrant, count: int) -> None:
        """As many cores, from the last one on. Load generator and servers keep theirs, so some are shared."""
        last = int(self.cores[0])
        _pin(edge.container, edge.servers, f"{last - count + 1}-{last}")

    def versions(self) -> dict[str, str]:
        """Name → what it says of itself; the load generator's, too."""
        told = {entrant.name: _first_line(entrant.container, entrant.contestant.version) for entrant in self.entrants}
        return {**told, "wrk": _first_line(self.loader, ("wrk", "-v"))}


@contextmanager
def arena(names: Collection[str], haproxy: str) -> Iterator[Arena]:
    """With the contestants of these names, edge-next with the packages `haproxy`, or without it where these cannot be
    had. Raises CannotMeasure where the machine is too small or a part is missing."""
    with ExitStack() as stack:
        here = stack.enter_context(engine())
        ours, others = _cores(here)
        tag = stack.enter_context(image(here))
        left_out: dict[str, str] = {}
        images: dict[str, dict[str, str]] = {}
        if NEXT in names:
            try:
                images[NEXT] = {"edge": stack.enter_context(edge_image(here, haproxy))}
            except CannotMeasure as error:
                left_out[NEXT] = f"its HAProxy ({haproxy}) cannot be had here: {reason(str(error))}"
        names = [name for name in names if name not in left_out]
        up = {
            name: Deployment(server_image=tag, images=images.get(name, {}), **variables, **_SETTINGS)
            for name, variables in DEPLOYED.items()
            if name in names or name == "edge"
        }
        stack.enter_context(_all(list(up.values())))
        for container in (container for deployment in up.values() for container in deployment.containers.all):
            container.update(cpuset_cpus=others)
        start = partial(_start, stack, up["edge"], tag)
        loader = start("loader", ("sleep", "infinity"), cpuset_cpus=others)
        for deployment in up.values():
            if deployment is not up["edge"]:
                _network(deployment).connect(loader)
        found = [_entrant(CONTESTANTS[name], up, start, ours) for name in CONTESTANTS if name in names]
        yield Arena(found, loader, (ours, others), left_out)


def reason(told: str) -> str:
    """What apt complains of first, without the builder's colours, or the last line of all."""
    complaint = re.search(r"\bE: [^\n\x1b]+", re.sub(r"\x1b\[\d*m", "", told))
    return complaint[0].strip() if complaint else told.strip().splitlines()[-1]


@contextmanager
def _all(deployments: Sequence[Deployment]) -> Iterator[None]:
    """Up all at once, and down: most of that is waiting. Whatever interrupts it waits until they are up or given up."""
    up: list[Deployment] = []

    def bring_up(deployment: Deployment) -> None:
        up.append(deployment.__enter__())

    try:
        _at_once(bring_up, deployments)
        yield
    finally:
        _at_once(Deployment.close, up)


def _at_once(call: Callable[[Deployment], None], deployments: Sequence[Deployment]) -> None:
    with ThreadPoolExecutor() as pool:
        for done in [pool.submit(call, deployment) for deployment in deployments]:
            done.result()


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
        _pin(container, deployment, cores)
    entrant = Entrant(contestant, container, deployment)
    try:
        until(lambda: answers(f"{entrant.host}:{PORT}"), f"{entrant.name} answers", within=_UP_WITHIN)
    except AssertionError as error:
        log = container.logs(tail=20).decode(errors="replace")
        raise CannotMeasure(f"{error}; it said:\n{log}") from error
    return entrant


def _pin(edge: Container, deployment: System, cores: str) -> None:
    """HAProxy counts its cores when it starts."""
    edge.update(cpuset_cpus=cores)
    edge.restart()
    deployment.wait_until_ready()


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
