"""Faults and calls in a random order under load, on a deployment of its own: what breaks, and what it costs.

The order follows from a seed. Prints a table; says on standard error what it is doing. Needs root: it kills processes
of containers and listens on the deployment's network.
"""

from __future__ import annotations

import argparse
import json
import secrets
import signal
import sys
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from types import FrameType

PROJECT = Path(__file__).parents[2]
sys.path[:0] = [str(PROJECT), str(PROJECT / "apps" / "balancer" / "src")]

from loadtests.chaos.actions import Action  # noqa: E402 (the search path comes first)
from loadtests.chaos.calls import CALLS, DEPLOYS  # noqa: E402
from loadtests.chaos.faults import ENGINE_FAULT, FAULTS, SPARE_FAULT  # noqa: E402
from loadtests.chaos.invariants import changed_by_restart  # noqa: E402
from loadtests.chaos.judge import too_many_void  # noqa: E402
from loadtests.chaos.report import table  # noqa: E402
from loadtests.chaos.result import Result  # noqa: E402
from loadtests.chaos.run import run  # noqa: E402
from loadtests.chaos.schedule import schedule  # noqa: E402
from loadtests.load.load import LoadFailed  # noqa: E402
from loadtests.running import CannotMeasure  # noqa: E402
from tests.deployment import Deployment  # noqa: E402
from tests.system import System  # noqa: E402

FAULTS_BY_DEFAULT = 200
RATE = 150.0
REPLICAS = 6
SPARES = 1
ROLL = {"surge": 4, "batch": 2}
BROKEN = (AssertionError, OSError, LoadFailed)
"""What ends a run before its time and makes it a failure."""

ACTIONS = {action.name: action for action in (*FAULTS, SPARE_FAULT, ENGINE_FAULT, *CALLS, *DEPLOYS)}


def chaos(
    system: System, *, faults: int, seed: int, rate: float, spares: int, without: Collection[Action]
) -> Iterator[Result]:
    """Carries out `faults` actions of all kinds but those `without`, as far as the fleet becomes whole again after
    each. `spares` is how many the system keeps."""
    actions = {name: action for name, action in ACTIONS.items() if action not in without}
    weights = {name: action.weight for name, action in actions.items()}
    alone = frozenset(name for name, action in actions.items() if action.alone)
    steps = schedule(weights, seed=seed, count=faults, alone=alone)
    return run(system, actions, steps, rate=rate, seed=seed, spares=spares)


def main() -> int:
    arguments = _arguments()
    seed = secrets.randbelow(10**6) if arguments.seed is None else arguments.seed
    repeat = f"make chaos FAULTS={arguments.faults} SEED={seed}{' ENGINE=1' if arguments.engine else ''}"
    signal.signal(signal.SIGTERM, _interrupt)
    results: list[Result] = []
    broken: list[str] = []
    try:
        with ExitStack() as stack:
            record = stack.enter_context(arguments.record.open("w")) if arguments.record else None
            print(f"chaos: {repeat}; bringing up a deployment …", file=sys.stderr, flush=True)
            system = stack.enter_context(
                Deployment(replicas=REPLICAS, spares=SPARES, roll=ROLL, policy={"images": ["*"]})
            )
            done = chaos(
                system,
                faults=arguments.faults,
                seed=seed,
                rate=arguments.rate,
                spares=SPARES,
                without=() if arguments.engine else (ENGINE_FAULT,),
            )
            # Said before the deployment is taken down, which may fail in its turn.
            try:
                for result in done:
                    results.append(result)
                    print(result, file=sys.stderr, flush=True)
                    if record:
                        print(json.dumps(asdict(result)), file=record, flush=True)
                broken += changed_by_restart(system)
                broken += [f"{len(results)} of {arguments.faults} were carried out"] * (
                    len(results) != arguments.faults
                )
            except BROKEN as error:
                broken.append(f"{type(error).__name__}: {error}")
    except CannotMeasure as error:
        print(f"chaos: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        broken.append("interrupted")
    except BROKEN as error:
        broken.append(f"{type(error).__name__}: {error}")
    finally:
        print(table(results, ACTIONS))
    broken += too_many_void(results)
    broken = [f"{result.number} {result.action}: {wrong}" for result in results for wrong in result.wrong] + broken
    print(*broken, *([f"FAILED; again with: {repeat}"] if broken else ["Everything is as promised."]), sep="\n")
    return 1 if broken else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--faults", type=int, default=FAULTS_BY_DEFAULT, help="how many faults and calls (%(default)s)")
    parser.add_argument("--seed", type=int, help="what their order follows from; by default another one each time")
    parser.add_argument("--rate", type=float, default=RATE, help="requests a second (%(default)s)")
    parser.add_argument("--engine", action="store_true", help="restart the engine, too, which stops all its containers")
    parser.add_argument("--record", type=Path, help="a file for one JSON object for each of them")
    return parser.parse_args()


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    """As from the keyboard: the deployment is taken down on the way out."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
