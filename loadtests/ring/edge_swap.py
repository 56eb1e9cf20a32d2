"""How long a real HAProxy takes to obey a changed slot table: the swap of its map, and all that goes with it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter_ns

from docker.errors import DockerException

from balancer.adapters.haproxy.edge import HaproxyEdge
from balancer.adapters.haproxy.edge_files import EdgeFiles
from balancer.adapters.haproxy.running_edge import RunningEdge
from balancer.core.routes import Backend, Routes
from balancer.core.strategies import Table
from loadtests.ring.contest import placed
from loadtests.ring.markdown import table
from loadtests.ring.speed import Timing
from loadtests.running import CannotMeasure
from tests.contract.haproxy_bench import HaproxyBench
from tests.contract.lab import Lab


@dataclass(frozen=True, slots=True)
class Swap:
    """`swap`: from `prepare map` to `commit map`. `whole`: the adapter's apply, its files included."""

    swap: Timing
    whole: Timing


class TimedEdge(RunningEdge):
    """Takes the time of every swap."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.swaps: list[float] = []

    def _swap(self, files: EdgeFiles) -> None:
        began = perf_counter_ns()
        super()._swap(files)
        self.swaps.append(perf_counter_ns() - began)


def measure(slots: Sequence[int], *, rounds: int, tell: Callable[[str], None]) -> dict[int, Swap]:
    """M → its times, on an edge in a container of its own. Raises CannotMeasure."""
    try:
        with Lab() as lab, TemporaryDirectory() as folder, HaproxyBench(lab, Path(folder), ()) as bench:
            found: dict[int, Swap] = {}
            for count in slots:
                tell(f"edge: M = {count}")
                found[count] = _swaps(bench, count, rounds)
            return found
    except (DockerException, AssertionError) as error:
        raise CannotMeasure(f"the edge's swap cannot be measured ({error}); run: make host") from error


def _swaps(bench: HaproxyBench, slots: int, rounds: int) -> Swap:
    """Three servers, of which the third comes and goes."""
    edge = HaproxyEdge(bench.profile)
    edge.running = timed = TimedEdge(bench.profile.directory)
    both = _routes(slots)
    for routes in both:
        bench.obey(edge, routes)
    timed.swaps.clear()
    whole: list[float] = []
    for number in range(rounds):
        began = perf_counter_ns()
        edge.apply(both[number % 2])
        whole.append(perf_counter_ns() - began)
    return Swap(Timing.of(timed.swaps), Timing.of(whole))


def _routes(slots: int) -> tuple[Routes, Routes]:
    strategy = Table(slots=slots)
    two = placed(strategy, (1, 2))
    three = placed(strategy, (1, 2, 3), two)
    backends = tuple(Backend(f"S{server}", f"127.0.0.1:{9000 + server}") for server in (1, 2, 3))
    first, second = (Routes(tuple(f"S{owner}" for owner in table.owners), backends) for table in (two, three))
    return first, second


def swap_table(found: dict[int, Swap]) -> str:
    rows = {
        str(slots): {"swap": one.swap.told(1e6), "whole apply": one.whole.told(1e6)} for slots, one in found.items()
    }
    return table("The edge obeys a changed table: ms, median ± half the distance of the quartiles", rows, first="M")
