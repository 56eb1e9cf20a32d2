"""Measures real servers on a real engine: what thirty more and thirty fewer take, beside as many bare containers.

    python loadtests/scale/containers.py --servers 70 --change 30 --rounds 3

A bare container is made of a server's own configuration, without the labels, and as many start or stop at once as the
balancer starts. `/add` is at its end when every server answers its heartbeat, so a bare container, too, is up when it
answers. It makes a deployment of its own. It prints a Markdown table, and says on standard error what it is doing.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[2]
sys.path[:0] = [str(PROJECT), str(PROJECT / "apps" / "balancer" / "src")]

from docker.models.containers import Container  # noqa: E402 (the search path comes first)

from balancer.service.server_workers import STARTS  # noqa: E402
from loadtests.interruption import interruptible_once  # noqa: E402
from loadtests.ring.markdown import table  # noqa: E402
from loadtests.running import CannotMeasure  # noqa: E402
from loadtests.watching import cost, nobody  # noqa: E402
from tests.containers import remove  # noqa: E402
from tests.deployment import Deployment  # noqa: E402
from tests.http_client import Answer, ask  # noqa: E402
from tests.polling import until  # noqa: E402
from tests.system import System  # noqa: E402

_ANSWERS_WITHIN = 120.0
_SETTLES = 5.0
_REST = 30.0

Seconds = dict[str, list[float]]
"""What was done → how long it took, one figure for each round."""


def measure(system: System, *, change: int, rounds: int) -> Seconds:
    found: Seconds = {"/add": [], "docker run": [], "/rm": [], "docker stop": []}
    for number in range(1, rounds + 1):
        for name, seconds in (*_ours(system, change), *_bare(system, change)):
            found[name].append(seconds)
            _tell(f"round {number} of {rounds}: {name} of {change}: {seconds:.2f} s")
    return found


def _ours(system: System, change: int) -> Iterator[tuple[str, float]]:
    yield "/add", _timed(lambda: _accepted(system.add(change)))
    system.wait_until_ready(within=_ANSWERS_WITHIN)
    time.sleep(_SETTLES)
    yield "/rm", _timed(lambda: _accepted(system.rm(change)))
    system.wait_until_ready(within=_ANSWERS_WITHIN)
    time.sleep(_SETTLES)


def _bare(system: System, change: int) -> Iterator[tuple[str, float]]:
    model = next(iter(system.containers.servers.values()))
    with ThreadPoolExecutor(STARTS) as at_once, _removed() as containers:
        yield "docker run", _timed(lambda: containers.extend(at_once.map(lambda _: _run(model), range(change))))
        yield "docker stop", _timed(lambda: list(at_once.map(Container.stop, containers)))
    time.sleep(_SETTLES)


@contextmanager
def _removed() -> Iterator[list[Container]]:
    """A list whose containers are removed at the end."""
    containers: list[Container] = []
    try:
        yield containers
    finally:
        for container in containers:
            remove(container)


def _run(model: Container) -> Container:
    engine = model.client
    (network,) = model.attrs["NetworkSettings"]["Networks"]
    config: dict[str, Any] = {name: value for name, value in model.attrs["Config"].items() if name != "Hostname"}
    config |= {"Labels": {}, "HostConfig": model.attrs["HostConfig"]}
    config["NetworkingConfig"] = {"EndpointsConfig": {network: {}}}
    container = engine.containers.get(engine.api.create_container_from_config(config)["Id"])
    try:
        container.start()
        container.reload()
        address = container.attrs["NetworkSettings"]["Networks"][network]["IPAddress"]
        until(lambda: _answers(address), f"{container.name} answers", within=_ANSWERS_WITHIN, pause=0.05)
    except BaseException:
        remove(container)
        raise
    return container


def _answers(address: str) -> bool:
    try:
        return ask("GET", f"http://{address}:5000", "/heartbeat", timeout=5).status == HTTPStatus.OK
    except OSError:
        return False


def _accepted(answer: Answer) -> None:
    if answer.status != HTTPStatus.OK:
        raise CannotMeasure(f"the balancer refused the change: {answer.text}")


def _timed(do: Callable[[], object]) -> float:
    began = time.monotonic()
    do()
    return time.monotonic() - began


def report(found: Mapping[str, Sequence[float]], *, change: int) -> str:
    rows = {
        f"{ours} of {change}, beside {bare}": {
            "seconds": f"{statistics.median(found[ours]):.2f}",
            "bare containers": f"{statistics.median(found[bare]):.2f}",
            "ratio": f"{statistics.median(map(float.__truediv__, found[ours], found[bare])):.2f}",
        }
        for ours, bare in (("/add", "docker run"), ("/rm", "docker stop"))
    }
    return table(f"Real servers, {STARTS} at once", rows, first="median of the rounds")


def _tell(what: str) -> None:
    print(f"bench-containers: {what}", file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--servers", type=int, default=70, help="before the change (default: %(default)s)")
    parser.add_argument("--change", type=int, default=30, help="added and removed (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="default: %(default)s")
    given = parser.parse_args()
    interruptible_once("bench-containers: taking down what was started")
    most = given.servers + given.change
    _tell(f"starting {given.servers} servers")
    try:
        with Deployment(replicas=given.servers, max_servers=most) as system:
            found = measure(system, change=given.change, rounds=given.rounds)
            _accepted(system.add(given.change))
            system.wait_until_ready(within=_ANSWERS_WITHIN)
            rest = cost(system, nobody, _REST)
    except CannotMeasure as error:
        _tell(str(error))
        return 2
    print(report(found, change=given.change))
    print(f"at rest with {most} servers balancer, edge and keeper use {rest:.1%} of a core")
    return 0


if __name__ == "__main__":
    sys.exit(main())
