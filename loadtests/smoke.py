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
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

PROJECT = Path(__file__).parents[1]
sys.path[:0] = [str(PROJECT), str(PROJECT / "apps" / "balancer" / "src")]

from balancer.core.request_hash import RequestHash, slot_shares  # noqa: E402 (the search path comes first)
from balancer.core.strategies import STRATEGIES  # noqa: E402
from loadtests.chi_square import Fit, fit  # noqa: E402
from loadtests.load.load import LoadFailed, load  # noqa: E402
from loadtests.load.sender import LoadPlan  # noqa: E402
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
        """Why requests failed → how many did."""
        return Counter(request.cause for request in self.requests if request.has_failed)

    @property
    def fit(self) -> Fit:
        servers = self.servers
        names = sorted(self.expected.keys() | servers.keys())
        expected = [self.expected.get(name, 0.0) * len(self.requests) for name in names]
        return fit([servers[name] for name in names], expected)

    @property
    def passed(self) -> bool:
        return bool(self.requests) and not self.causes and self.fit.p >= LEAST_P

    def __str__(self) -> str:
        total, servers, fit = len(self.requests), self.servers, self.fit
        counts = {name: servers[name] for name in self.expected}
        return "\n".join(
            [
                f"{self.title}: {total} requests in {self.seconds:.1f} s ({total / self.seconds:.0f} a second)",
                f"  {'server':<16}{'requests':>9}{'measured':>11}{'expected':>11}",
                *(
                    f"  {name:<16}{count:>9}{count / max(1, total):>11.2%}{self.expected[name]:>11.2%}"
                    for name, count in counts.items()
                ),
                f"  chi-square {fit.statistic:.2f}, {fit.degrees} degrees of freedom: p = {fit.p:.3g}",
                *([f"  failed: {dict(self.causes)}"] if self.causes else []),
                f"  {'as expected' if self.passed else 'NOT AS EXPECTED'}",
            ]
        )


def measure(system: System, *, requests: int, concurrency: int = CONCURRENCY) -> Report:
    """Sends the requests and counts them. Raises CannotMeasure when the ring changes meanwhile, LoadFailed."""
    profile, slot_map = system.fleet.profile, system.slot_map
    began = time.monotonic()
    with load(LoadPlan(url=system.url, requests=requests, most_open=concurrency)) as traffic:
        pass
    seconds = time.monotonic() - began
    if system.slot_map != slot_map:
        raise CannotMeasure("the fleet changed while it was measured; try again")
    title = f"{profile.strategy.name} ({system.settings.data_plane})"
    return Report(title, expected_shares(slot_map, profile.request_hash), traffic.requests, seconds)


def expected_shares(slot_map: Sequence[str], request_hash: RequestHash) -> dict[str, float]:
    """server → probability that a request with a random id is its own."""
    shares = dict.fromkeys(sorted(set(slot_map)), 0.0)
    for name, share in zip(slot_map, slot_shares(request_hash, len(slot_map)), strict=True):
        shares[name] += share
    return shares


def _systems(url: str, control_url: str) -> Iterator[System]:
    """The running system, once; without a URL one of its own, as often as there are strategies, each time with the next
    one."""
    if url:
        system = running(url, control_url)
        with closing(system.containers):
            yield system
        return
    print("Bringing up a deployment, 10 s with images built before …", flush=True)
    with Deployment() as deployment:
        for strategy in STRATEGIES:
            answer = deployment.put_ring({"strategy": strategy})
            if answer.status != HTTPStatus.OK:
                raise CannotMeasure(f"the strategy {strategy} was refused: {answer}")
            yield deployment


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--url", help="measure the deployment that runs here, such as http://127.0.0.1:5000")
    parser.add_argument("--control-url", default="http://127.0.0.1:5001", help="its control port (%(default)s)")
    parser.add_argument("--requests", type=int, default=REQUESTS, help="how many for each strategy (%(default)s)")
    arguments = parser.parse_args()
    reports = []
    try:
        for system in _systems(arguments.url, arguments.control_url):
            reports.append(measure(system, requests=arguments.requests))
            print(reports[-1], flush=True)
    except (CannotMeasure, AssertionError, LoadFailed) as error:
        print(f"smoke: {error}", file=sys.stderr)
        return 2
    return 0 if all(report.passed for report in reports) else 1


if __name__ == "__main__":
    sys.exit(main())
