"""10 000 real requests through the published port: does each server get the share that its slots promise?

Without --url a small deployment of its own is made, measured with each ring strategy, and taken away again; with --url
the running one is measured as it is.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

PROJECT = Path(__file__).parents[1]
sys.path[:0] = [str(PROJECT), str(PROJECT / "apps" / "balancer" / "src")]

from balancer.core.request_hash import RequestHash, slot_shares  # noqa: E402 (the search path comes first)
from balancer.core.strategies import STRATEGIES  # noqa: E402
from loadtests.chi_square import Fit, fit  # noqa: E402
from loadtests.load.load import LoadFailed, load  # noqa: E402
from loadtests.load.sender import Plan  # noqa: E402
from loadtests.running import CannotMeasure, running  # noqa: E402
from loadtests.traffic import Request  # noqa: E402
from tests.deployment import Deployment  # noqa: E402
from tests.system import System  # noqa: E402

REQUESTS = 10_000
CONCURRENCY = 8
LEAST_P = 1e-6
"""A system that is right fails once in a million runs; one that gives a server 5 % too much nearly always."""


@dataclass(frozen=True, slots=True)
class Report:
    """`expected`: server → its share of the requests by the slot map in use and the exact odds of every slot."""

    title: str
    expected: Mapping[str, float]
    requests: Sequence[Request]
    seconds: float

    @property
    def servers(self) -> Counter[str]:
        """server → how many requests it answered."""
        return Counter(request.server for request in self.requests)

    @property
    def causes(self) -> Counter[str]:
        """Why requests failed."""
        return Counter(request.cause for request in self.requests if request.has_failed)

    @property
    def fit(self) -> Fit:
        servers = self.servers
        names = sorted(self.expected.keys() | servers.keys())
        expected = [self.expected.get(name, 0.0) * len(self.requests) for name in names]
        return fit([servers[name] for name in names], expected)

    @property
    def passed(self) -> bool:
        return not self.causes and self.fit.p >= LEAST_P

    def __str__(self) -> str:
        total, servers, fit = len(self.requests), self.servers, self.fit
        rows = [
            f"  {name:<16}{servers[name]:>9}{servers[name] / total:>11.2%}{share:>11.2%}"
            for name, share in self.expected.items()
        ]
        return "\n".join(
            [
                f"{self.title}: {total} requests in {self.seconds:.1f} s ({total / self.seconds:.0f} a second)",
                f"  {'server':<16}{'requests':>9}{'measured':>11}{'expected':>11}",
                *rows,
                f"  chi-square {fit.statistic:.2f}, {fit.degrees} degrees of freedom: p = {fit.p:.3g}",
                *([f"  failed: {dict(self.causes)}"] if self.causes else []),
                f"  {'as expected' if self.passed else 'NOT AS EXPECTED'}",
            ]
        )


def measure(system: System, *, requests: int, concurrency: int) -> Report:
    """Sends the requests and counts them. Raises CannotMeasure when the ring changes meanwhile, LoadFailed."""
    profile, slot_map = system.fleet.profile, system.slot_map
    expected = expected_shares(slot_map, profile.request_hash)
    began = time.monotonic()
    with load(Plan(url=system.url, requests=requests, most_open=concurrency)) as traffic:
        pass
    seconds = time.monotonic() - began
    if system.slot_map != slot_map:
        raise CannotMeasure("the fleet changed while it was measured; try again")
    return Report(f"{profile.strategy.name} ({system.settings.data_plane})", expected, traffic.requests, seconds)


def expected_shares(slot_map: Sequence[str], request_hash: RequestHash) -> dict[str, float]:
    """server → probability that a request with a random id is its own."""
    shares = dict.fromkeys(sorted(set(slot_map)), 0.0)
    for name, share in zip(slot_map, slot_shares(request_hash, len(slot_map)), strict=True):
        shares[name] += share
    return shares


@contextmanager
def _running(arguments: argparse.Namespace) -> Iterator[Iterator[System]]:
    """The running system, once."""
    system = running(arguments.url, arguments.control_url)
    try:
        yield iter([system])
    finally:
        system.containers.close()


@contextmanager
def _temporary() -> Iterator[Iterator[System]]:
    """A system of its own, as often as there are strategies, each time with the next one."""
    print("Bringing up a deployment, 10 s with images built before …", flush=True)
    with Deployment() as deployment:
        yield (_switched(deployment, strategy) for strategy in STRATEGIES)


def _switched(system: System, strategy: str) -> System:
    answer = system.put_ring({"strategy": strategy})
    if answer.status != HTTPStatus.OK:
        raise CannotMeasure(f"the strategy {strategy} was refused: {answer}")
    return system


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--url", help="measure the deployment that runs here, such as http://127.0.0.1:5000")
    parser.add_argument("--control-url", default="http://127.0.0.1:5001", help="its control port (%(default)s)")
    parser.add_argument("--requests", type=int, default=REQUESTS, help="how many for each strategy (%(default)s)")
    parser.add_argument("--concurrency", type=int, default=CONCURRENCY, help="how many at a time (%(default)s)")
    arguments = parser.parse_args()
    reports = []
    try:
        with _running(arguments) if arguments.url else _temporary() as systems:
            for system in systems:
                reports.append(measure(system, requests=arguments.requests, concurrency=arguments.concurrency))
                print(reports[-1], flush=True)
    except (CannotMeasure, AssertionError, LoadFailed) as error:
        print(f"smoke: {error}", file=sys.stderr)
        return 2
    return 0 if all(report.passed for report in reports) else 1


if __name__ == "__main__":
    sys.exit(main())
