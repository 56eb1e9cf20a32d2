"""The faults that befall a server, and a fault's course. Needs root, where processes are hit from outside."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from datetime import datetime
from functools import partial
from http import HTTPStatus

from docker.errors import APIError
from docker.models.containers import Container

from loadtests.faults import hanging_server
from tests.containers import freeze
from tests.system import System

LEAST_AGE = 12.0
"""Seconds since its start for which a server is not hit: where servers of under 10 s on the ring keep failing, the
balancer puts off replacements on purpose."""
_MEMORY = "96m"
_HOG = "open('/proc/1/oom_score_adj', 'w').write('1000'); hog = [bytes([1]) * (1 << 20) for _ in range(1 << 10)]"

Strike = Callable[[], object]
Fault = Callable[[System, Container], Strike]
"""Prepares what needs preparing; what it returns strikes."""


class CannotStrike(Exception):
    """The engine did not do what it was asked to, so that there was no fault."""


def _out_of_memory(_: System, server: Container) -> Strike:
    """The kernel takes the container's first process for the memory that another one wants."""
    server.update(mem_limit=_MEMORY, memswap_limit=_MEMORY)
    return partial(server.exec_run, ["python3", "-c", _HOG])


def _leave_network(system: System, server: Container) -> Strike:
    network = system.containers.engine.networks.get(system.settings.network)
    return partial(network.disconnect, server, force=True)


CRASHES: dict[str, Fault] = {
    "docker kill": lambda _, server: server.kill,
    "docker stop": lambda _, server: partial(server.stop, timeout=10),
    "docker rm -f": lambda _, server: partial(server.remove, force=True),
    "OOM kill": _out_of_memory,
    "process exit": lambda _, server: partial(server.exec_run, ["sh", "-c", "kill -TERM 1"]),
    "network disconnect": _leave_network,
}
HANGS: dict[str, Fault] = {
    "docker pause": lambda _, server: server.pause,
    "SIGSTOP": lambda _, server: partial(freeze, server),
}
HANGS_OF_ITS_OWN: dict[str, Fault] = {
    "accepts, never answers": lambda _, server: partial(server.kill, signal=hanging_server.MUTE),
    "heartbeat 500": lambda _, server: partial(server.kill, signal=hanging_server.ILL),
    "slow heartbeat": lambda _, server: partial(server.kill, signal=hanging_server.SLOW),
}
"""Of a deployment whose servers are `hanging_server`."""
FAULTS = CRASHES | HANGS


def carry_out(strike: Strike) -> None:
    """The balancer may have removed the container before the engine has answered us. Raises CannotStrike."""
    try:
        strike()
    except APIError as error:
        if error.status_code not in (HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT):
            raise CannotStrike(str(error)) from error


def hostname(server: Container) -> str:
    return str(server.attrs["Config"]["Hostname"])


def is_spare(server: Container) -> bool:
    """Whether it is kept off the ring: its container is NAME.spare until it is promoted."""
    return str(server.name).endswith(".spare")


def age(server: Container) -> float:
    """Seconds since its start; the engine writes nanoseconds, which Python does not read."""
    return time.time() - datetime.fromisoformat(server.attrs["State"]["StartedAt"][:19] + "+00:00").timestamp()


def old_enough(system: System, among: Collection[str] | None) -> list[Container]:
    """Servers that may be hit, the oldest first; `among`: the hostnames that serve, None where nobody can say."""
    running = [server for server in system.containers.of("server") if server.status == "running"]
    on_the_ring = [
        server for server in running if not is_spare(server) and (among is None or hostname(server) in among)
    ]
    return sorted((server for server in on_the_ring if age(server) > LEAST_AGE), key=age, reverse=True)
