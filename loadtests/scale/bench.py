"""Measures the control plane over N and M: the real balancer with its files, and a real HAProxy as edge, on an engine
and servers that are none.

    python loadtests/scale/bench.py --servers 10 100 1000 --slots 512 65536

It wants root and the Docker engine. It prints a Markdown table, and says on standard error what it is doing. --json
keeps the figures in a file as well.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

PROJECT = Path(__file__).parents[2]
sys.path[:0] = [str(PROJECT), str(PROJECT / "apps" / "balancer" / "src")]

from loadtests.interruption import interruptible_once  # noqa: E402 (the search path comes first)
from loadtests.ring.markdown import table  # noqa: E402
from loadtests.scale.stand import Stand, stand, wait_until_ready  # noqa: E402
from tests.contract.lab import Lab  # noqa: E402
from tests.polling import until  # noqa: E402

_SETTLES = 6.0
"""Seconds after a start until everything that happens every few seconds has happened once."""
_QUIET = 10.0
_POLL = 0.005
_RESTS = 1.0
"""Seconds before a death that is to be alone: a fleet is whole before the change that made it so is at its end."""

Figures = dict[str, float]
"""What was measured, in seconds, bytes and counts."""

UNITS: dict[str, Callable[[float], str]] = {
    "s": lambda value: f"{value:.3g} s",
    "ms": lambda value: f"{1000 * value:.0f} ms",
    "%": lambda value: f"{value:.1%}",
    "MiB": lambda value: f"{value / 2**20:.0f} MiB",
    "KB": lambda value: f"{value / 1000:.0f} KB",
    "": lambda value: f"{value:.0f}",
}
NAMES = {
    "start": ("start with a saved fleet", "s"),
    "quiet": ("quiet: of a core", "%"),
    "memory": ("quiet: memory", "MiB"),
    "threads": ("threads after all", ""),
    "listed": ("quiet: lists of all containers a second", ""),
    "death": ("death → off the map, median", "ms"),
    "death most": ("death → off the map, p99", "ms"),
    "death busy": ("death beside a change, median", "ms"),
    "death busy most": ("death beside a change, p99", "ms"),
    "hang": ("hang → off the map, median", "ms"),
    "hang most": ("hang → off the map, p99", "ms"),
    **{
        f"{what}{part}": (f"{shown}{named}", unit)
        for what, shown in (("add", "`/add`"), ("rm", "`/rm`"), ("weigh", "`PATCH`"), ("switch", "`PUT /ring`"))
        for part, named, unit in (
            ("", ": time", "s"),
            (" cpu", ": CPU", "s"),
            (" written", ": written", "KB"),
            (" connections", ": connections to the edge", ""),
        )
    },
}
"""Key of a figure → what it is called, and its unit."""


def measured(stand: Stand, *, servers: int, slots: int, deaths: int) -> Iterator[tuple[str, float]]:
    began = time.monotonic()
    wait_until_ready(stand)
    yield "start", time.monotonic() - began
    time.sleep(_SETTLES)
    yield from _quiet(stand)
    yield from _change(stand, "rm", lambda: stand.ask("DELETE", "/rm", {"n": 1, "hostnames": ["S9"]}))
    yield from _change(stand, "add", lambda: stand.ask("POST", "/add", {"n": 1, "hostnames": ["S9"]}))
    yield from _change(stand, "weigh", lambda: stand.ask("PATCH", "/servers/S2", {"weight": 2}))
    stand.ask("PATCH", "/servers/S2", {"weight": 1})
    yield from _spread("death", [_death(stand, stand.engine.die, rank, rests=_RESTS) for rank in range(deaths)])
    with _changing(stand):
        yield from _spread("death busy", [_death(stand, stand.engine.die, rank) for rank in range(deaths)])
    stand.ask("PATCH", "/servers/S2", {"weight": 1})
    yield from _spread("hang", [_death(stand, stand.hang, rank, rests=_RESTS) for rank in range(max(1, deaths // 4))])
    ring = {"strategy": "ring", "slots": slots}
    yield from _change(stand, "switch", lambda: stand.ask("PUT", "/ring", ring))
    yield "threads", stand.threads()


def _quiet(stand: Stand) -> Iterator[tuple[str, float]]:
    before, began = stand.used(), time.monotonic()
    time.sleep(_QUIET)
    used, seconds = stand.used().since(before), time.monotonic() - began
    yield "quiet", used.cpu / seconds
    yield "listed", used.listed / seconds
    yield "memory", stand.memory()


def _change(stand: Stand, name: str, do: Callable[[], object]) -> Iterator[tuple[str, float]]:
    """What a change takes. Its CPU is less what rest before it took in the same time."""
    before, began = stand.used(), time.monotonic()
    time.sleep(_RESTS)
    rest = stand.used().since(before).cpu / (time.monotonic() - began)
    before, began = stand.used(), time.monotonic()
    do()
    seconds = time.monotonic() - began
    used = stand.used().since(before)
    yield name, seconds
    yield f"{name} cpu", max(0.0, used.cpu - rest * seconds)
    yield f"{name} written", used.written
    yield f"{name} connections", used.connections


def _death(stand: Stand, end: Callable[[str], None], rank: int, *, rests: float = 0) -> float:
    """Seconds until the edge sends nothing new to a server that ends. It returns when the fleet is whole again."""
    until(stand.is_ready, "the fleet is whole", within=60)
    time.sleep(rests)
    slots = stand.slots()
    victim = sorted(slots.keys() - {"S2"})[rank % (len(slots) - 1)]
    began = time.monotonic()
    end(victim)
    until(lambda: stand.owner(slots[victim]) != victim, f"{victim} is off the map", within=30, pause=_POLL)
    return time.monotonic() - began


@contextmanager
def _changing(stand: Stand) -> Iterator[None]:
    """A weight changes all the time."""
    ended = threading.Event()

    def change() -> None:
        weight = 1
        while not ended.is_set():
            weight = 3 - weight
            stand.ask("PATCH", "/servers/S2", {"weight": weight})

    with ThreadPoolExecutor(1) as thread:
        changing = thread.submit(change)
        try:
            yield
        finally:
            ended.set()
        changing.result()


def _spread(name: str, seconds: Sequence[float]) -> Iterator[tuple[str, float]]:
    yield name, statistics.median(seconds)
    yield f"{name} most", sorted(seconds)[math.ceil(0.99 * len(seconds)) - 1]


def run(lab: Lab, *, servers: int, slots: int, deaths: int) -> Figures:
    title = f"N = {servers}, M = {slots}"
    figures: Figures = {}
    with tempfile.TemporaryDirectory(prefix="scale-") as folder:
        Path(folder).chmod(0o711)
        with stand(lab, Path(folder), servers=servers, slots=slots) as running:
            for name, value in measured(running, servers=servers, slots=slots, deaths=deaths):
                figures[name] = value
                _tell(f"{title}: {shown(name, value)}")
    return figures


def shown(name: str, value: float) -> str:
    title, unit = NAMES[name]
    return f"{title}: {UNITS[unit](value)}"


def report(runs: dict[str, Figures]) -> str:
    rows = {
        title: {column: UNITS[unit](figures[name]) for column, figures in runs.items() if name in figures}
        for name, (title, unit) in NAMES.items()
    }
    return table("The control plane", rows, first="what")


def _tell(what: str) -> None:
    print(f"bench-scale: {what}", file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description="The control plane over N and M.")
    parser.add_argument("--servers", type=int, nargs="+", default=[10, 100])
    parser.add_argument("--slots", type=int, nargs="+", default=[512, 65_536])
    parser.add_argument("--deaths", type=int, default=12)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    sys.setswitchinterval(0.0005)  # the keeper is a thread of this process, and shall not wait for what measures
    interruptible_once("bench-scale: taking down what was started")
    runs: dict[str, Figures] = {}
    with Lab() as lab:
        for slots in given.slots:
            for servers in (count for count in given.servers if count <= slots - 12):
                runs[f"N = {servers}, M = {slots}"] = run(lab, servers=servers, slots=slots, deaths=given.deaths)
                if given.json:
                    given.json.write_text(json.dumps(runs, indent=1) + "\n")
    print(report(runs))
    return 0


if __name__ == "__main__":
    sys.exit(main())
