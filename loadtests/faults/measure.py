"""Measures one promise on a deployment: crashes, hangs, slow, cycles, replacements or engine-restart.

    python loadtests/faults/measure.py crashes --count 30

The running deployment is measured, or with --own one that is made and taken away again. What breaks servers needs
root: it kills processes of containers and listens on the deployment's network.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[2]
sys.path[:0] = [str(PROJECT), str(PROJECT / "apps" / "balancer" / "src")]

from loadtests.faults import changes, engine_restart, failures, hanging_server, replacements  # noqa: E402
from loadtests.faults.servers import CRASHES, HANGS, HANGS_OF_ITS_OWN  # noqa: E402
from loadtests.load.load import LoadFailed  # noqa: E402
from loadtests.load.sender import LoadPlan  # noqa: E402
from loadtests.running import CannotMeasure, running  # noqa: E402
from tests.deployment import Deployment  # noqa: E402
from tests.own_image import own_image, stranger_image  # noqa: E402
from tests.system import System  # noqa: E402

SERVERS = 6
"""So many that one is always old enough to be hit."""
IMAGE = "ringmaster-hanging-server:1"
STRANGER = "ringmaster-single-threaded:1"

Measure = Callable[[System, argparse.Namespace], bool]


def crashes(system: System, arguments: argparse.Namespace) -> bool:
    faults = {name: fault for name, fault in CRASHES.items() if name in arguments.kinds}
    plan = _plan(system, arguments, post_every=5)
    return failures.measure(system, faults, times=arguments.count, plan=plan)


def hangs(system: System, arguments: argparse.Namespace) -> bool:
    if arguments.calm:
        return changes.calm(system, seconds=arguments.calm, plan=_plan(system, arguments))
    faults = HANGS | (HANGS_OF_ITS_OWN if arguments.own else {})
    return failures.measure(system, faults, times=arguments.count, plan=_plan(system, arguments, post_every=10))


def slow(system: System, arguments: argparse.Namespace) -> bool:
    return changes.slow_requests(system, seconds=60 * arguments.minutes, rate=min(arguments.rate, 50))


def cycles(system: System, arguments: argparse.Namespace) -> bool:
    return changes.cycles(system, times=arguments.count, plan=_plan(system, arguments))


MEASURES: dict[str, Measure] = {
    "crashes": crashes,
    "hangs": hangs,
    "slow": slow,
    "cycles": cycles,
    "replacements": lambda system, arguments: replacements.measure(system, times=arguments.count),
    "engine-restart": lambda system, arguments: engine_restart.measure(
        system, plan=_plan(system, arguments), pid_file=arguments.pid_file
    ),
}
COUNTS = {"crashes": 30, "hangs": 5, "slow": 1, "cycles": 50, "replacements": 20, "engine-restart": 1}
"""How often each is done."""


def _plan(system: System, arguments: argparse.Namespace, post_every: int = 0) -> LoadPlan:
    return LoadPlan(url=system.url, rate=arguments.rate, path=arguments.path, post_every=post_every)


@contextmanager
def _system(arguments: argparse.Namespace) -> Iterator[System]:
    if not arguments.own:
        system = running(arguments.url, arguments.control_url, arguments.token)
        try:
            yield system
        finally:
            system.containers.close()
        return
    variables = {"data_plane": arguments.own, "replicas": SERVERS, "spares": arguments.spares}
    if arguments.what == "hangs" and not arguments.calm:
        program = Path(hanging_server.__file__).read_text()
        with own_image(program, IMAGE) as image, Deployment(**variables, server_image=image) as deployment:
            yield deployment
        return
    if arguments.what == "slow":
        with stranger_image(STRANGER) as image, Deployment(**variables, **_single_threaded(image)) as deployment:
            yield deployment
        return
    with Deployment(**variables) as deployment:
        yield deployment


def _single_threaded(image: str) -> dict[str, Any]:
    """The variables for servers that handle one connection at a time."""
    return {
        "server_image": image,
        "server_port": 8080,
        "heartbeat_path": "/healthz",
        "server_environment": {"THREADS": "one", "PROTOCOL": "HTTP/1.0"},
    }


def main() -> int:
    arguments = _arguments()
    if arguments.what == "engine-restart" and not arguments.yes:
        print("This restarts the engine, and every container on it with it. Say --yes if it may.", file=sys.stderr)
        return 2
    try:
        with _system(arguments) as system:
            return 0 if MEASURES[arguments.what](system, arguments) else 1
    except CannotMeasure as error:
        print(f"{arguments.what}: {error}", file=sys.stderr)
        return 2
    except (AssertionError, LoadFailed) as error:
        print(f"{arguments.what}: {error}", file=sys.stderr)
        return 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=MEASURES)
    parser.add_argument("--url", default="http://127.0.0.1:5000", help="the public side (%(default)s)")
    parser.add_argument("--control-url", default="http://127.0.0.1:5001", help="its control port (%(default)s)")
    parser.add_argument("--token", default=os.environ.get("RINGMASTER_TOKEN", ""), help="better as RINGMASTER_TOKEN")
    parser.add_argument(
        "--own", nargs="?", const="haproxy", metavar="PLANE", help="a deployment of its own (%(const)s)"
    )
    parser.add_argument("--spares", type=int, default=0, help="of a deployment of its own (%(default)s)")
    parser.add_argument("--count", type=int, help=f"how often, of each kind ({COUNTS})")
    parser.add_argument("--rate", type=float, default=200.0, help="requests a second (%(default)s)")
    parser.add_argument("--path", default="/home", help="what is asked for with GET (%(default)s)")
    parser.add_argument("--kinds", nargs="+", choices=CRASHES, default=list(CRASHES), help="crashes: only these")
    parser.add_argument(
        "--calm", type=float, nargs="?", const=600, metavar="SECONDS",
        help="hangs: none, but count replacements while every core is busy (%(const)s s)",
    )  # fmt: skip
    parser.add_argument("--minutes", type=float, default=10, help="slow: for how long (%(default)s)")
    parser.add_argument("--yes", action="store_true", help="engine-restart: stop every container on this machine")
    parser.add_argument("--pid-file", type=Path, help="engine-restart: of the engine that DOCKER_HOST names")
    arguments = parser.parse_args()
    arguments.count = arguments.count or COUNTS[arguments.what]
    return arguments


if __name__ == "__main__":
    sys.exit(main())
