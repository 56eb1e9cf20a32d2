"""Measures what watching costs: CPU of balancer and edge at rest, while nobody watches, while metrics are scraped every
15 s, and while the page is open in a browser.

    python loadtests/watching.py --servers 64 --seconds 60 --rounds 3

It makes a deployment of its own, or takes the running one by --url. The three take turns in each round, so that
whatever else the machine does hits all of them. The code is 1 where watching costs more than 1 % of a core.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from http import HTTPStatus
from pathlib import Path
from threading import Event

PROJECT = Path(__file__).parents[1]
sys.path[:0] = [str(PROJECT), str(PROJECT / "apps" / "balancer" / "src")]

from docker.models.containers import Container  # noqa: E402 (the search path comes first)

from loadtests.ring import markdown  # noqa: E402
from loadtests.running import CannotMeasure, running_or_own  # noqa: E402
from tests.browser import browser  # noqa: E402
from tests.containers import Role  # noqa: E402
from tests.system import System  # noqa: E402

MOST = 0.01
"""Of a core: what watching may cost at rest."""
_SCRAPE_EVERY = 15.0
_SETTLES = 5.0
"""Seconds that a watcher gets to begin or end before what it costs is measured."""
_ROLES: tuple[Role, ...] = ("balancer", "edge", "keeper")

Watcher = Callable[[System], AbstractContextManager[None]]


def nobody(_: System) -> AbstractContextManager[None]:
    return nullcontext()


@contextmanager
def scraped(system: System) -> Iterator[None]:
    """Both endpoints of metrics are asked as often as Prometheus does. Raises CannotMeasure where one is refused."""
    has_ended = Event()

    def scrape() -> None:
        while not has_ended.wait(_SCRAPE_EVERY):
            for path in ("/metrics", "/metrics/edge"):
                if (status := system.operate("GET", path).status) != HTTPStatus.OK:
                    raise CannotMeasure(f"{path} is answered {status}")

    with ThreadPoolExecutor(1) as thread:
        scraping = thread.submit(scrape)
        try:
            yield
        finally:
            has_ended.set()
        scraping.result()


@contextmanager
def page(system: System) -> Iterator[None]:
    with browser() as shown:
        shown.get(f"{system.control_url}/")
        yield


WATCHERS: Mapping[str, Watcher] = {"nobody watches": nobody, "scraped every 15 s": scraped, "the page is open": page}


def used(containers: Sequence[Container]) -> float:
    """Seconds of CPU that the containers have used so far."""
    return (
        sum(
            container.client.api.stats(container.id, stream=False, one_shot=True)["cpu_stats"]["cpu_usage"][
                "total_usage"
            ]
            for container in containers
        )
        / 1e9
    )


def cost(system: System, watcher: Watcher, seconds: float) -> float:
    """The cores that balancer, edge and keeper use while somebody watches for so long."""
    containers = [container for role in _ROLES for container in system.containers.of(role)]
    with watcher(system):
        time.sleep(_SETTLES)
        began, before = time.monotonic(), used(containers)
        time.sleep(seconds)
        return (used(containers) - before) / (time.monotonic() - began)


def measure(system: System, *, rounds: int, seconds: float) -> dict[str, list[float]]:
    """What watches → cores, one figure for each round."""
    found: dict[str, list[float]] = {name: [] for name in WATCHERS}
    for number in range(1, rounds + 1):
        for name, watcher in WATCHERS.items():
            found[name].append(cost(system, watcher, seconds))
            print(f"round {number} of {rounds}: {name}: {found[name][-1]:.2%} of a core", file=sys.stderr, flush=True)
    return found


def report(found: Mapping[str, Sequence[float]], servers: int) -> tuple[str, bool]:
    """The table, and whether watching costs no more than MOST. A cost is the median of the rounds' differences."""
    alone = found["nobody watches"]
    costs = {
        name: statistics.median(mine - rest for mine, rest in zip(cores, alone, strict=True))
        for name, cores in found.items()
    }
    rows = {
        name: {"cores": f"{statistics.median(cores):.2%}", "more than alone": f"{costs[name]:+.2%}"}
        for name, cores in found.items()
    }
    return markdown.table(f"At rest with {servers} servers", rows, first="who watches"), max(costs.values()) <= MOST


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--servers", type=int, default=64, help="default: %(default)s")
    parser.add_argument("--seconds", type=float, default=60.0, help="of each turn (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="default: %(default)s")
    parser.add_argument("--url", default="", help="a running deployment instead of one of its own")
    parser.add_argument("--control-url", default="http://127.0.0.1:5001", help="default: %(default)s")
    arguments = parser.parse_args()
    try:
        token = os.environ.get("RINGMASTER_TOKEN", "")
        with running_or_own(arguments.url, arguments.control_url, token, replicas=arguments.servers) as system:
            found = measure(system, rounds=arguments.rounds, seconds=arguments.seconds)
            text, is_cheap = report(found, len(system.replicas))
    except CannotMeasure as error:
        print(f"watching: {error}", file=sys.stderr)
        return 2
    print(text)
    print(f"watching costs {'at most' if is_cheap else 'MORE THAN'} {MOST:.0%} of a core")
    return 0 if is_cheap else 1


if __name__ == "__main__":
    sys.exit(main())
