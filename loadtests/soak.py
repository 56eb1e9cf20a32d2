"""Wears a deployment for hours and watches what the balancer's and the edge's processes hold: nothing may grow.

Each round has what leaves something behind where a proxy is careless: paths that nobody knows, answers and streams of
events whose clients hang up, servers that are killed, added and removed, and switches of the ring.

    python loadtests/soak.py --hours 8

Without --url it makes a deployment of its own. The code is 1 where something grew beyond its bound after the warm-up,
or did not happen.
"""

from __future__ import annotations

import argparse
import os
import socket
import statistics
import struct
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

PROJECT = Path(__file__).parents[1]
sys.path[:0] = [str(PROJECT), str(PROJECT / "apps" / "balancer" / "src")]

import urllib3  # noqa: E402 (the search path comes first)
from docker.models.containers import Container  # noqa: E402

from loadtests.running import CannotMeasure, running_or_own  # noqa: E402
from tests.containers import Role, run_in  # noqa: E402
from tests.polling import until  # noqa: E402
from tests.system import System  # noqa: E402

CLIENTS = 8
ROUNDS_OF_WARM_UP = 4
LEAST_ROUNDS = 12
WITHIN = 60.0
_KEYS = ("random", "header:X-User")
_NO_GOODBYE = struct.pack("ii", 1, 0)
"""SO_LINGER for a client that resets its connection instead of closing it."""
_SHOW = r"""
for process in /proc/[0-9]*; do
    rss=$(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' $process/status)
    echo "$(ls $process/fd | wc -l) $(ls $process/task | wc -l) ${rss:-0} $(tr '\0' ' ' <$process/cmdline)"
done 2>/dev/null
"""
_PROGRAMS = ("gunicorn -", "haproxy -", "-m keeper ")
"""What is counted in a container: not its health checks, nor this look."""


@dataclass(frozen=True, slots=True)
class Footprint:
    """What a container's processes hold together. `memory` is resident, in KiB."""

    descriptors: int
    threads: int
    memory: int

    def minus(self, other: Footprint) -> Footprint:
        return Footprint(self.descriptors - other.descriptors, self.threads - other.threads, self.memory - other.memory)

    def is_within(self, bounds: Footprint) -> bool:
        over = bounds.minus(self)
        return min(over.descriptors, over.threads, over.memory) >= 0

    def __str__(self) -> str:
        return f"{self.descriptors} descriptors, {self.threads} threads, {self.memory / 1024:.1f} MiB"


BOUNDS = Footprint(descriptors=8, threads=4, memory=8 * 1024)
"""How much more a container may hold at the end than after the warm-up, however long the run."""

Sample = Mapping[str, Footprint]
"""Role → what its container holds."""


def footprint(container: Container) -> Footprint:
    lines = [line.split(maxsplit=3) for line in run_in(container, "sh", "-c", _SHOW).splitlines()]
    rows = [line[:3] for line in lines if len(line) == 4 and any(name in line[3] for name in _PROGRAMS)]
    if not rows:
        raise CannotMeasure(f"{container.name} runs none of {', '.join(_PROGRAMS)}")
    return Footprint(*(sum(int(row[column]) for row in rows) for column in range(3)))


def footprints(system: System) -> dict[str, Footprint]:
    """Without an edge in the flask plane."""
    roles: tuple[Role, ...] = ("balancer", "keeper", "edge")
    return {role: footprint(container) for role in roles for container in system.containers.of(role)}


def wear(system: System, *, unknown: int, aborted: int, streams: int) -> None:
    """One round: so many requests for unknown paths, answers and streams of events that their clients leave, and one
    server killed, one added, one removed. Fails where something does not happen in time."""
    for_nothing(system.url, unknown)
    together(aborted, lambda number: abort(system.url, resets=number % 2 == 0))
    events = {"Accept": "text/event-stream", **system.authorization}
    together(
        streams,
        lambda number: until(
            lambda: hang_up(system.control_url, "/events?since=0", resets=number % 2 == 0, headers=events) == 200,
            "a stream of events opens",
            within=WITHIN,
        ),
    )
    replace_a_server(system)
    n = len(system.replicas)
    for change in (system.add, system.rm):
        answer = change(1)
        expect(answer.status == 200, f"/add or /rm is answered {answer}")
    expect(len(system.replicas) == n, f"after one more and one less there are not {n}")


def for_nothing(base: str, count: int) -> None:
    """Half of the requests over kept connections, the other half over one each."""

    def ask(number: int) -> None:
        headers = {"Connection": "close"} if number % 2 else {}
        status = client.request("GET", f"{base}/nothing/{number}", headers=headers).status
        expect(status in (400, 404), f"an unknown path is answered {status}")

    with urllib3.PoolManager(maxsize=CLIENTS, block=True, retries=False, timeout=WITHIN) as client:
        together(count, ask)


def abort(base: str, *, resets: bool) -> None:
    """Leaves in the middle of an answer that comes piece by piece."""
    status = hang_up(base, "/drip?seconds=1", resets=resets)
    expect(status == 200, f"/drip is answered {status}: nothing was aborted")


def hang_up(base: str, path: str, *, resets: bool, headers: Mapping[str, str] | None = None) -> int:
    """Leaves in the middle of an answer; returns its status."""
    address = urlsplit(base)
    lines = [
        f"GET {path} HTTP/1.1",
        *(f"{name}: {value}" for name, value in {"Host": "localhost", **(headers or {})}.items()),
    ]
    with socket.create_connection((address.hostname or "", address.port or 80), timeout=WITHIN) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        head = connection.recv(65536)
        if resets:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_GOODBYE)
    return int(head.split(maxsplit=2)[1]) if head else 0


def replace_a_server(system: System) -> None:
    """Kills the one that has served for longest."""
    before = system.replicas
    system.containers.server(before[0]).kill()

    def is_replaced() -> bool:
        return before[0] not in system.replicas and len(system.replicas) == len(before)

    until(is_replaced, f"{before[0]} is replaced", within=WITHIN)
    system.wait_until_ready(within=WITHIN)


def together(count: int, act: Callable[[int], object]) -> None:
    with ThreadPoolExecutor(CLIENTS) as pool:
        for _ in pool.map(act, range(count)):
            pass


def expect(is_so: bool, otherwise: str) -> None:
    if not is_so:
        raise AssertionError(otherwise)


def growth(samples: Sequence[Footprint]) -> Footprint:
    """From the first third of the samples to the last, each by its median: one that sticks out does not count."""
    third = max(1, len(samples) // 3)
    return _median(samples[-third:]).minus(_median(samples[:third]))


def _median(samples: Sequence[Footprint]) -> Footprint:
    columns = zip(*((sample.descriptors, sample.threads, sample.memory) for sample in samples), strict=True)
    return Footprint(*(round(statistics.median(column)) for column in columns))


def soak(system: System, hours: float) -> list[tuple[float, Sample]]:
    """Rounds for so long, LEAST_ROUNDS at least; (hours since the beginning, what is held) after each."""
    began = time.monotonic()
    samples: list[tuple[float, Sample]] = []
    while len(samples) < LEAST_ROUNDS or time.monotonic() - began < hours * 3600:
        wear(system, unknown=1000, aborted=60, streams=24)
        key = _KEYS[len(samples) % 2]
        answer = system.operate("PUT", "/ring", {"key": key})
        expect(answer.status == 200, f"PUT /ring is answered {answer}")
        time.sleep(3)  # until the streams' threads have noticed that their clients are gone
        samples.append(((time.monotonic() - began) / 3600, footprints(system)))
        held = "; ".join(f"{role}: {footprint}" for role, footprint in samples[-1][1].items())
        print(f"{samples[-1][0]:.3f} h, round {len(samples)}: {held}", file=sys.stderr, flush=True)
    return samples


def table(samples: Sequence[tuple[float, Sample]]) -> tuple[str, bool]:
    """The report on what was held after the warm-up, and whether all of it stayed within BOUNDS."""
    kept = samples[min(ROUNDS_OF_WARM_UP, len(samples) - 2) :]
    hours = [at for at, _ in kept]
    lines = [f"| {len(kept)} rounds in {hours[-1] - hours[0]:.2f} h | first | last | an hour | growth | bound |"]
    lines.append("|---|---|---|---|---|---|")
    is_well = True
    for role in kept[0][1]:
        held = [sample[role] for _, sample in kept]
        grown = growth(held)
        is_well = is_well and grown.is_within(BOUNDS)
        for field in ("descriptors", "threads", "memory"):
            values = [getattr(sample, field) for sample in held]
            slope = statistics.linear_regression(hours, values).slope
            unit = " (KiB)" if field == "memory" else ""
            lines.append(
                f"| {role}: {field}{unit} | {values[0]} | {values[-1]} | {slope:+.1f} "
                f"| {getattr(grown, field)} | {getattr(BOUNDS, field)} |"
            )
    return "\n".join(lines), is_well


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=1.0, help="a fraction is fine (default: %(default)s)")
    parser.add_argument("--data-plane", choices=["haproxy", "flask"], default="haproxy", help="default: %(default)s")
    parser.add_argument("--url", default="", help="a running deployment instead of one of its own; it is changed")
    parser.add_argument("--control-url", default="http://127.0.0.1:5001", help="default: %(default)s")
    parser.add_argument("--token", default=os.environ.get("RINGMASTER_TOKEN", ""), help="better as RINGMASTER_TOKEN")
    arguments = parser.parse_args()
    try:
        own = {"data_plane": arguments.data_plane}
        with running_or_own(arguments.url, arguments.control_url, arguments.token, **own) as system:
            text, is_well = table(soak(system, arguments.hours))
    except (CannotMeasure, AssertionError) as error:
        print(f"soak: {error}", file=sys.stderr)
        return 1 if isinstance(error, AssertionError) else 2
    print(text)
    print("nothing grew beyond its bound" if is_well else "SOMETHING GREW BEYOND ITS BOUND")
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
