"""Traffic through several edges at once: one load for each of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager

from loadtests.load.load import Load, load
from loadtests.load.sender import LoadPlan
from loadtests.traffic import Request

RATE = 40.0
"""Requests a second through each edge."""
KEYS = tuple(f"user-{number}" for number in range(10_000))
_FLOWS = 50
"""So many requests end at every edge before and after."""


class EdgesLoad:
    """`loads`: node → the load through its edge."""

    def __init__(self, loads: Mapping[str, Load]) -> None:
        self.loads = loads

    @property
    def requests(self) -> list[Request]:
        """Those that have ended, of all edges."""
        return [request for traffic in self.loads.values() for request in list(traffic.requests)]

    @property
    def failed(self) -> int:
        return sum(traffic.failed for traffic in self.loads.values())

    @property
    def causes(self) -> Counter[str]:
        return sum((traffic.causes for traffic in self.loads.values()), Counter())

    def __str__(self) -> str:
        return "; ".join(f"{node}: {traffic}" for node, traffic in self.loads.items())

    def wait_for(self, requests: int) -> None:
        """Until so many more have ended at every edge. Raises LoadFailed."""
        for traffic in self.loads.values():
            traffic.wait_for(requests)


@contextmanager
def load_over(urls: Mapping[str, str], *, rate: float = RATE, keys: Sequence[str] = KEYS) -> Iterator[EdgesLoad]:
    """Keyed GETs through every edge, `rate` a second each, which flow when the block begins and for a while after its
    end. `urls`: node → the URL of its edge. Raises LoadFailed."""
    plans = {node: LoadPlan(url=url, rate=rate, keys=tuple(keys)) for node, url in urls.items()}
    with ExitStack() as running:
        traffic = EdgesLoad({node: running.enter_context(load(plan)) for node, plan in plans.items()})
        traffic.wait_for(_FLOWS)
        yield traffic
        traffic.wait_for(_FLOWS)
