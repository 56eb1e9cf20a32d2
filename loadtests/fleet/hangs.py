"""How long does a server that hangs stay on the ring? And does a fully loaded machine make well ones look hung?

Without --url a deployment of its own is made, of servers that hang in every way on command, and taken away again; with
--url the running one is measured, in those ways that need nothing of its servers.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

PROJECT = Path(__file__).parents[2]
sys.path[:0] = [str(PROJECT), str(PROJECT / "apps" / "balancer" / "src")]

from docker.models.containers import Container  # noqa: E402

from loadtests import traffic  # noqa: E402
from loadtests.fleet import hanging_server  # noqa: E402
from loadtests.ring.markdown import table  # noqa: E402
from loadtests.running import CannotMeasure, running  # noqa: E402
from tests.deployment import Deployment  # noqa: E402
from tests.own_image import own_image  # noqa: E402
from tests.polling import until  # noqa: E402
from tests.system import System  # noqa: E402

IMAGE = "ringmaster-hanging-server:1"
SERVERS = 6
"""So many that none is young when its turn to hang comes: replacements of young servers are put off."""
CONCURRENCY = 4
BUSY_PER_CORE = 2
SLOWEST = 1.0
"""Seconds that a hang may stay on the ring."""


def stop(server: Container) -> None:
    """SIGSTOP to every process of the container, from outside: the engine takes no notice."""
    processes = server.top()
    pids = [row[processes["Titles"].index("PID")] for row in processes["Processes"]]
    as_root = [] if os.geteuid() == 0 else ["sudo", "--non-interactive"]
    subprocess.run([*as_root, "kill", "-STOP", *pids], check=True)  # noqa: S603 (process ids from the engine)


ANY_SERVER: dict[str, Callable[[Container], object]] = {
    "docker pause": lambda server: server.pause(),
    "SIGSTOP": stop,
}
HANGING_SERVER: dict[str, Callable[[Container], object]] = {
    "accepts, never answers": lambda server: server.kill(signal=hanging_server.MUTE),
    "heartbeat 500": lambda server: server.kill(signal=hanging_server.ILL),
    "slow heartbeat": lambda server: server.kill(signal=hanging_server.SLOW),
}


@dataclass(slots=True)
class Times:
    """Seconds from the fault until the server was off the ring, and until N served again."""

    off: list[float] = field(default_factory=list)
    replaced: list[float] = field(default_factory=list)

    def row(self) -> dict[str, str]:
        return {
            "n": str(len(self.off)),
            "off the ring p50": f"{statistics.median(self.off):.2f} s",
            "max": f"{max(self.off):.2f} s",
            "replaced p50": f"{statistics.median(self.replaced):.2f} s",
            "max ": f"{max(self.replaced):.2f} s",
        }


def hang(system: System, fault: Callable[[Container], object], times: Times) -> None:
    """The longest serving server hangs. What it takes to bring that about counts as time on the ring, too."""
    system.wait_until_ready(within=120)
    before = system.replicas
    server = system.containers.server(before[0])
    began = time.monotonic()
    thread = threading.Thread(target=fault, args=(server,))
    thread.start()
    until(lambda: before[0] not in system.replicas, f"{before[0]} is off the ring", within=30, pause=0.01)
    times.off.append(time.monotonic() - began)
    until(lambda: len(system.replicas) == len(before), "N servers serve again", within=120, pause=0.01)
    times.replaced.append(time.monotonic() - began)
    thread.join()


def measure(system: System, faults: Mapping[str, Callable[[Container], object]], times: int) -> bool:
    """Prints the table; True when every hang was found in time and no request failed."""
    found = {kind: Times() for kind in faults}
    with traffic.background(system.home, concurrency=CONCURRENCY) as outcome:
        for _ in range(times):
            for kind, fault in faults.items():
                hang(system, fault, found[kind])
                print(f"  {kind}: {found[kind].off[-1]:.3f} s", file=sys.stderr, flush=True)
    print(table("Hangs at default settings", {kind: each.row() for kind, each in found.items()}, first="hang"))
    print(f"Meanwhile: {outcome}")
    return outcome.failed == 0 and all(max(each.off) < SLOWEST for each in found.values())


def calm(system: System, seconds: float) -> bool:
    """Prints how many servers were replaced while every core was busy; True when none was."""
    system.wait_until_ready()
    fleet = {str(container.id) for container in system.containers.of("server")}
    seen = set(fleet)
    end = time.monotonic() + seconds
    with (
        busy(BUSY_PER_CORE * (os.cpu_count() or 1)),
        traffic.background(system.home, concurrency=CONCURRENCY) as outcome,
        traffic.background(f"{system.url}/slow?seconds=5", concurrency=CONCURRENCY) as slow,
    ):
        while time.monotonic() < end:
            time.sleep(1)
            now = {str(container.id) for container in system.containers.of("server")}
            if now - seen:
                print(f"  {end - time.monotonic():.0f} s before the end: replaced", file=sys.stderr, flush=True)
            seen |= now
    print(f"{seconds:g} s with every core busy: {len(seen - fleet)} of {len(fleet)} servers replaced")
    print(f"/home: {outcome}\n/slow?seconds=5: {slow}")
    return seen == fleet


@contextmanager
def busy(processes: int) -> Iterator[None]:
    """So many processes that never rest."""
    spinning = [multiprocessing.Process(target=_spin, daemon=True) for _ in range(processes)]
    for process in spinning:
        process.start()
    try:
        yield
    finally:
        for process in spinning:
            process.kill()
            process.join()


def _spin() -> None:
    while True:
        pass


def _measured(arguments: argparse.Namespace) -> bool:
    if arguments.url:
        system = running(arguments.url, arguments.control_url)
        try:
            return calm(system, arguments.calm) if arguments.calm else measure(system, ANY_SERVER, arguments.times)
        finally:
            system.containers.close()
    if arguments.calm:
        with Deployment(data_plane=arguments.plane) as deployment:
            return calm(deployment, arguments.calm)
    with (
        own_image(Path(hanging_server.__file__).read_text(), IMAGE) as image,
        Deployment(data_plane=arguments.plane, server_image=image, replicas=SERVERS) as deployment,
    ):
        return measure(deployment, ANY_SERVER | HANGING_SERVER, arguments.times)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--url", help="measure the deployment that runs here, such as http://127.0.0.1:5000")
    parser.add_argument("--control-url", default="http://127.0.0.1:5001", help="its control port (%(default)s)")
    parser.add_argument("--plane", default="haproxy", help="the data plane of a deployment of its own (%(default)s)")
    parser.add_argument("--times", type=int, default=5, help="how often each kind of hang (%(default)s)")
    parser.add_argument(
        "--calm", type=float, nargs="?", const=600, metavar="SECONDS",
        help="no hangs: count replacements while every core is busy (%(const)s s)",
    )  # fmt: skip
    try:
        return 0 if _measured(parser.parse_args()) else 1
    except (CannotMeasure, AssertionError) as error:
        print(f"hangs: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
