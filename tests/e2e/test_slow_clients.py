"""Slow, idle and very many clients on both ports: other clients are served meanwhile.

The variable SLOW is how many seconds each attack lasts: SLOW=60 pytest -s tests/e2e/test_slow_clients.py
"""

from __future__ import annotations

import os
import re
import resource
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest

from tests.containers import Containers
from tests.e2e.conftest import only_haproxy
from tests.e2e.steady_clients import PER_SECOND, SteadyClients
from tests.system import System

pytestmark = [pytest.mark.docker, pytest.mark.terraform, only_haproxy]

SECONDS = int(os.environ.get("SLOW", "5"))
CLIENTS = 1000
IDLE = 10_000
# A body that is longer than a buffer of the edge goes to its server as it comes, and takes a place there.
MODES = {
    "slow head": ["-H", "-i", "2"],
    "slow body": ["-B", "-i", "2", "-s", "4096"],
    "ranges": ["-R", "-a", "5", "-b", "3000"],
    "slow reading": ["-X", "-w", "1", "-y", "10", "-n", "2", "-z", "1", "-k", "3"],
}
_STATUS = re.compile(r"(connected|error|closed|service available):\s+(\S+)")
_COLOURS = re.compile(r"\x1b\[[0-9;]*[mHJ]")


@pytest.fixture(autouse=True)
def many_files() -> Iterator[None]:
    """Each connection is an open file."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(before[1], 4 * IDLE), before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@contextmanager
def others_are_served(system: System, about: str) -> Iterator[None]:
    """Fails where a client of either port was not served. How fast depends on what else the machine does."""
    with SteadyClients(system.url, "/home") as public, SteadyClients(system.control_url, "/healthz") as control:
        yield
    for clients in (public, control):
        print(f"{about}: {clients.told()}")  # noqa: T201 (numbers, with -s)
        assert not clients.failed
        assert len(clients.seconds) > PER_SECOND / 2


@pytest.mark.parametrize("mode", MODES)
def test_a_thousand_slow_clients_on_each_port_disturb_nobody(system: System, mode: str) -> None:
    is_body, is_read = mode == "slow body", mode == "slow reading"
    paths = ("/echo" if is_body else "/home", "/ring/preview" if is_body else "/ring/slots" if is_read else "/healthz")
    bases = (f"http://{host}:{port}" for host, port in edge_addresses(system))
    targets = [base + path for base, path in zip(bases, paths, strict=True)]
    with others_are_served(system, mode), ThreadPoolExecutor(2) as attackers:
        for target, told in zip(targets, attackers.map(lambda url: attack(url, MODES[mode]), targets), strict=True):
            print(f"{mode}: {target}: {told}")  # noqa: T201 (numbers, with -s)
            assert told.get("service available") == "YES"
            # Ranges are answered at once, before slowhttptest counts.
            came = int(told["connected"]) + int(told["closed"])
            assert mode == "ranges" or came > CLIENTS / 2, "a busy machine opens them more slowly"


def attack(url: str, mode: list[str]) -> dict[str, str]:
    """What slowhttptest tells at its end."""
    rate, last = CLIENTS, str(SECONDS)
    command = ["slowhttptest", *mode, "-c", str(CLIENTS), "-r", str(rate), "-l", last, "-p", "5", "-u", url]
    told = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS + 60, check=True)
    return dict(_STATUS.findall(_COLOURS.sub("", told.stdout)))


def test_ten_thousand_idle_clients_disturb_nobody(system: System) -> None:
    """Beside them a thousand on the control port, which lets fewer in."""
    with ExitStack() as idle, others_are_served(system, "idle"):
        public, control = edge_addresses(system)
        for address, count in ((public, IDLE), (control, CLIENTS)):
            for _ in range(count):
                idle.enter_context(socket.create_connection(address, timeout=5))
        time.sleep(SECONDS / 2)


def test_a_flood_of_connections_disturbs_nobody(system: System) -> None:
    """They come and go, as fast as they can."""
    end = time.monotonic() + SECONDS

    def flood(address: tuple[str, int]) -> int:
        count = 0
        while time.monotonic() < end:
            with ExitStack() as some:
                for _ in range(100):
                    some.enter_context(socket.create_connection(address, timeout=5))
            count += 100
        return count

    with others_are_served(system, "flood"), ThreadPoolExecutor(2) as clients:
        counts = list(clients.map(flood, edge_addresses(system)))
    print(f"flood: {sum(counts)} connections")  # noqa: T201 (numbers, with -s)
    assert sum(counts) > 1000


def edge_addresses(system: System) -> tuple[tuple[str, int], tuple[str, int]]:
    """Both ports at the container itself: not through Docker's own proxy, which is slower than the edge."""
    containers = Containers(system.deployment)
    try:
        networks = containers.edge.attrs["NetworkSettings"]["Networks"].values()
    finally:
        containers.close()
    (host,) = {network["IPAddress"] for network in networks}
    return (host, 5000), (host, 5001)
