"""Servers of a running deployment crash in six ways under steady load: what fails, what is repeated, how long it takes.

Prints a table. Needs root: it kills processes of containers and listens on the deployment's network.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

PROJECT = Path(__file__).parents[2]
sys.path[:0] = [str(PROJECT), str(PROJECT / "apps" / "balancer" / "src")]

from docker.errors import APIError  # noqa: E402 (the search path comes first)
from docker.models.containers import Container  # noqa: E402

from loadtests.fleet.steady import Request, SteadyLoad, worst_share  # noqa: E402
from loadtests.fleet.wire import Wire  # noqa: E402
from loadtests.running import CannotMeasure, running  # noqa: E402
from tests.containers import crash  # noqa: E402
from tests.polling import until  # noqa: E402
from tests.system import System  # noqa: E402

REST = 15.0
"""Seconds since a server was created before it crashes: replacements are put off where those crash that serve for less
than 10 s."""
BEFORE, AFTER = 1.0, 4.0
"""Seconds around a fault whose requests count as its own. A server off the network is given up after 3."""
MOST_REPEATED = 0.1
"""The retry budget: the share of the requests in a second."""


def run_out_of_memory(server: Container, _: System) -> None:
    """The kernel takes the container's first process for the memory that another one eats."""
    server.reload()
    Path(f"/proc/{server.attrs['State']['Pid']}/oom_score_adj").write_text("1000")
    server.update(mem_limit="256m", memswap_limit="256m")
    server.exec_run(["tail", "/dev/zero"])


def leave_the_network(server: Container, system: System) -> None:
    network = server.client.networks.get(system.settings.network)
    network.disconnect(server, force=True)


CRASHES: dict[str, Callable[[Container, System], object]] = {
    "docker kill": lambda server, _: server.kill(),
    "docker stop": lambda server, _: server.stop(timeout=10),
    "docker rm -f": lambda server, _: server.remove(force=True),
    "OOM kill": run_out_of_memory,
    "process exit": lambda server, _: crash(server),
    "network disconnect": leave_the_network,
}


@dataclass(frozen=True, slots=True)
class Fault:
    """`off_ring` and `replaced`: seconds until the server was off the ring and until N servers served again."""

    requests: Sequence[Request]
    off_ring: float
    replaced: float


@dataclass(slots=True)
class Kind:
    """All faults of one kind."""

    name: str
    faults: list[Fault] = field(default_factory=list)
    posts_repeated: list[str] = field(default_factory=list)

    @property
    def requests(self) -> list[Request]:
        return [request for fault in self.faults for request in fault.requests]

    @property
    def failed(self) -> list[Request]:
        return [request for request in self.requests if request.has_failed]

    @property
    def _shares(self) -> list[float]:
        return [worst_share(fault.requests) for fault in self.faults]

    @property
    def passed(self) -> bool:
        lost = any(not request.post and not request.had_begun for request in self.failed)
        return not lost and not self.posts_repeated and max(self._shares) <= MOST_REPEATED

    @property
    def row(self) -> list[str]:
        gets = [request for request in self.failed if not request.post]
        begun = sum(request.had_begun for request in gets)
        shares = self._shares
        return [
            self.name,
            str(len(self.faults)),
            str(len(self.requests)),
            str(begun),
            str(len(gets) - begun),
            str(len(self.failed) - len(gets)),
            str(len(self.posts_repeated)),
            str(sum(request.was_repeated for request in self.requests)),
            f"{statistics.median(shares):.1%} / {max(shares):.1%}",
            f"{max(request.ended - request.began for request in self.requests):.2f}",
            _middle_and_worst([fault.off_ring for fault in self.faults]),
            _middle_and_worst([fault.replaced for fault in self.faults]),
        ]


COLUMNS = (
    "kind",
    "faults",
    "requests",
    "GETs failed, answer begun",
    "GETs failed, others",
    "POSTs failed",
    "POSTs sent twice",
    "repeated",
    "repeated in the worst second, p50 / max",
    "longest request, s",
    "off the ring, p50 / max, s",
    "replaced, p50 / max, s",
)


def line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _middle_and_worst(seconds: Sequence[float]) -> str:
    return f"{statistics.median(seconds):.2f} / {max(seconds):.2f}"


def measure(system: System, load: SteadyLoad, name: str) -> Fault:
    """One crash of the server that has run for longest, and all that follows until the fleet is whole again."""
    before = rested(system)
    victim = before[0]
    server = system.containers.server(victim)
    began = time.monotonic()
    striker = threading.Thread(target=_strike, args=(CRASHES[name], server, system))
    striker.start()
    until(lambda: victim not in system.replicas, f"{victim} is off the ring", within=30, pause=0.005)
    off_ring = time.monotonic() - began
    until(lambda: len(system.replicas) == len(before), "N servers serve again", within=120, pause=0.005)
    replaced = time.monotonic() - began
    striker.join()
    until(lambda: system.is_ready and system.only_its_fleet_runs, "the fleet is whole", within=60)
    time.sleep(max(0.0, began + AFTER - time.monotonic()))
    return Fault(load.between(began - BEFORE, began + max(AFTER, replaced)), off_ring, replaced)


def rested(system: System) -> list[str]:
    """The replicas, the eldest first, once it is not young any more."""
    replicas = system.replicas
    ages = {name: _age(container) for name, container in system.containers.servers.items()}
    eldest = max(replicas, key=lambda name: ages[name])
    time.sleep(max(0.0, REST - ages[eldest]))
    return [eldest, *(name for name in replicas if name != eldest)]


def _age(container: Container) -> float:
    """Seconds since it was created, by its engine's clock, which is ours."""
    created = time.mktime(time.strptime(container.attrs["Created"][:19], "%Y-%m-%dT%H:%M:%S")) - time.timezone
    return time.time() - created


def _strike(crash_it: Callable[[Container, System], object], server: Container, system: System) -> None:
    """The balancer may have removed the container before the engine has answered us."""
    with suppress(APIError):
        crash_it(server, system)


@contextmanager
def listening(system: System) -> Iterator[Wire]:
    settings, containers = system.settings, system.containers
    network = containers.engine.networks.get(settings.network)
    front = (containers.of("edge") or containers.of("balancer"))[0]
    address = front.attrs["NetworkSettings"]["Networks"][settings.network]["IPAddress"]
    try:
        wire = Wire(f"br-{network.id[:12]}", port=settings.server_port, front=address)
    except PermissionError as error:
        raise CannotMeasure(f"only root may listen on the network ({error}); run it with sudo") from error
    with wire:
        yield wire


def measured(system: System, arguments: argparse.Namespace) -> Iterator[Kind]:
    load = SteadyLoad(arguments.url, path=arguments.path, rate=arguments.rate, connections=arguments.connections)
    with listening(system) as wire, load:
        for name in arguments.kinds:
            kind = Kind(name)
            for number in range(arguments.count):
                kind.faults.append(measure(system, load, name))
                _say(name, number + 1, kind.faults[-1])
            if not wire.heard:
                raise CannotMeasure("no POST was seen on the deployment's network")
            kind.posts_repeated = wire.repeated([request.post for request in kind.requests if request.post])
            yield kind


def _say(name: str, number: int, fault: Fault) -> None:
    failed = [request for request in fault.requests if request.has_failed]
    print(
        f"{name} {number}: off the ring after {fault.off_ring:.3f} s, replaced after {fault.replaced:.3f} s, "
        f"{worst_share(fault.requests):.1%} repeated in the worst second, {len(failed)} failed",
        file=sys.stderr,
        flush=True,
    )
    for request in failed[:5]:
        print(f"  {request}", file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--url", default="http://127.0.0.1:5000", help="the public side (%(default)s)")
    parser.add_argument("--control-url", default="http://127.0.0.1:5001", help="its control port (%(default)s)")
    parser.add_argument("--count", type=int, default=30, help="how many faults of each kind (%(default)s)")
    parser.add_argument("--kinds", nargs="+", choices=CRASHES, default=list(CRASHES), help="only these")
    parser.add_argument("--path", default="/home", help="what is asked for with GET (%(default)s)")
    parser.add_argument("--rate", type=float, default=200.0, help="requests a second (%(default)s)")
    parser.add_argument("--connections", type=int, default=100, help="most requests open at once (%(default)s)")
    arguments = parser.parse_args()
    passed = True
    try:
        system = running(arguments.url, arguments.control_url)
        print(f"{system.deployment}, data plane {system.settings.data_plane}, {arguments.rate:g} requests a second\n")
        print(line(COLUMNS), line(["---"] * len(COLUMNS)), sep="\n")
        for kind in measured(system, arguments):
            print(line(kind.row), flush=True)
            passed &= kind.passed
    except (CannotMeasure, AssertionError) as error:
        print(f"crashes: {error}", file=sys.stderr)
        return 2
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
