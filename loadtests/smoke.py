"""10 000 real requests through the published port: does each server get the share that its slots promise?

Without --url a small deployment of its own is made, measured with each ring strategy, and taken away again; with --url
the running one is measured as it is.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from http import HTTPStatus
from pathlib import Path

PROJECT = Path(__file__).parents[1]
sys.path[:0] = [str(PROJECT), str(PROJECT / "apps" / "balancer" / "src")]

from balancer.core.request_hash import RequestHash, slot_shares  # noqa: E402 (the search path comes first)
from balancer.core.strategies import STRATEGIES  # noqa: E402
from loadtests.experiments.balance import Run, run_of  # noqa: E402
from loadtests.experiments.judge import of_run  # noqa: E402
from loadtests.experiments.swarm_run import Counted  # noqa: E402
from loadtests.experiments.tables import shares  # noqa: E402
from loadtests.load.load import LoadFailed, load  # noqa: E402
from loadtests.load.sender import LoadPlan  # noqa: E402
from loadtests.running import CannotMeasure, running  # noqa: E402
from loadtests.swarm.options import number  # noqa: E402
from tests.deployment import Deployment  # noqa: E402
from tests.system import System  # noqa: E402

REQUESTS = 10_000
CONCURRENCY = 8


def measure(system: System, *, requests: int) -> Run:
    """Sends the requests and counts them. The shares are those of the slot map in use, not what the ring says of
    itself. Raises CannotMeasure when the ring changes meanwhile, LoadFailed."""
    ring, slot_map = system.ring().document, system.slot_map
    began = time.monotonic()
    with load(LoadPlan(url=system.url, requests=requests, most_open=CONCURRENCY)) as traffic:
        pass
    seconds = time.monotonic() - began
    if system.slot_map != slot_map:
        raise CannotMeasure("the fleet changed while it was measured; try again")
    if traffic.failed:
        print(traffic)
    promised = expected_shares(slot_map, system.fleet.profile.request_hash)
    on_ring = [server for server in ring["servers"] if server["hostname"] in promised]
    servers = [{**server, "share": promised[server["hostname"]]} for server in on_ring]
    answers = Counter(request.server for request in traffic.requests if request.server)
    return run_of(ring["profile"], servers, Counted(len(traffic.requests), traffic.failed, answers, (), {}, seconds))


def expected_shares(slot_map: Sequence[str], request_hash: RequestHash) -> dict[str, float]:
    """server → probability that a request with a random id is its own."""
    found = dict.fromkeys(sorted(set(slot_map)), 0.0)
    for name, share in zip(slot_map, slot_shares(request_hash, len(slot_map)), strict=True):
        found[name] += share
    return found


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
    parser.add_argument(
        "--requests", type=number(int, 1), default=REQUESTS, help="how many for each strategy (%(default)s)"
    )
    arguments = parser.parse_args()
    wrong = 0
    try:
        for system in _systems(arguments.url, arguments.control_url):
            run = measure(system, requests=arguments.requests)
            flaws = of_run(run, asked=arguments.requests)
            wrong += len(flaws)
            print(f"{shares(run).markdown()}\n{run}: {'; '.join(flaws) or 'as expected'}\n", flush=True)
    except (CannotMeasure, AssertionError, LoadFailed) as error:
        print(f"smoke: {error}", file=sys.stderr)
        return 2
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
