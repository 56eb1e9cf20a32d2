"""The experiments A-1 to A-4, with locust on a real deployment; each leaves its data, plots and its part of a report,
and fails where what it measured is not what is promised.

    python loadtests/experiments/run.py a-1 a-2 a-3 a-4

Without --url a deployment of its own is made for each and taken away again. With --url the running one is used, and
has its ring, servers and weights back in the end. RINGMASTER_TOKEN is the deployment's token, where it has one.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path

PROJECT = Path(__file__).parents[2]
sys.path[:0] = [str(PROJECT), str(PROJECT / "apps" / "balancer" / "src")]

from docker.errors import DockerException  # noqa: E402 (the search path comes first)

from balancer.core.request_hash import REQUEST_HASHES  # noqa: E402
from balancer.core.strategies import STRATEGIES  # noqa: E402
from loadtests.experiments import faults, judge  # noqa: E402
from loadtests.experiments.balance import Run, measure  # noqa: E402
from loadtests.experiments.catalogue import A1_SIZE, EXPERIMENTS, steps  # noqa: E402
from loadtests.experiments.plots import figures  # noqa: E402
from loadtests.experiments.provenance import provenance  # noqa: E402
from loadtests.experiments.report import write_report  # noqa: E402
from loadtests.experiments.results import COMPLETE, Result, write  # noqa: E402
from loadtests.experiments.stage import Stage, borrowed, temporary  # noqa: E402
from loadtests.experiments.swarm_run import Load  # noqa: E402
from loadtests.interruption import interruptible_once  # noqa: E402
from loadtests.running import CannotMeasure  # noqa: E402

_INTERRUPTED = 130


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def run(name: str, arguments: argparse.Namespace) -> Result:
    """One experiment, from setting up to its folder. What was measured before it failed is kept, and marked."""
    say(f"{EXPERIMENTS[name].title} …")
    runs: list[Run] = []
    line, facts, status, reason = None, {}, COMPLETE, ""
    try:
        with _stage(name, arguments) as stage:
            facts = provenance(stage.system, {key: str(value) for key, value in vars(arguments).items()})
            if name == "a-3":
                line = faults.play(stage, users=arguments.users, path=arguments.path, say=say)
            else:
                _play(name, stage, arguments, runs)
        flaws = judge.of_timeline(line) if line else judge.of_runs(runs, asked=arguments.requests)
        if flaws:
            status, reason = "failed", "; ".join(flaws)
    except (CannotMeasure, DockerException, AssertionError, OSError) as error:
        status, reason = "failed", str(error)
    except KeyboardInterrupt:
        status, reason = "interrupted", "the deployment is as it was before"
    result = Result(experiment=name, status=status, reason=reason, provenance=facts, runs=runs, timeline=line)
    if facts:
        write(arguments.out / name, result, figures(result))
        say(f"  {status}: {arguments.out / name}, {write_report(arguments.out)}")
    return result


def _play(name: str, stage: Stage, arguments: argparse.Namespace, runs: list[Run]) -> None:
    load = Load(users=arguments.users, path=arguments.path, requests=arguments.requests)
    planned = steps(name, arguments.sizes, arguments.strategies, arguments.hashes)
    began = time.monotonic()
    for number, step in enumerate(planned, start=1):
        runs.append(measure(stage, step, load))
        left = (time.monotonic() - began) / number * (len(planned) - number)
        say(f"  {number}/{len(planned)} {runs[-1]}; {left / 60:.0f} min left")


def _stage(name: str, arguments: argparse.Namespace) -> AbstractContextManager[Stage]:
    if arguments.url:
        return borrowed(arguments.url, arguments.control_url, os.environ.get("RINGMASTER_TOKEN", ""))
    say("  bringing up a deployment, 10 s with images built before …")
    # Servers only join it, so that they have the ring ids 1, 2, 3 … with which the course's shares are published.
    return temporary(replicas=A1_SIZE if name in ("a-1", "a-3") else arguments.sizes[0])


def _choice(text: str, known: Sequence[str], what: str) -> list[str]:
    chosen = text.split(",")
    if unknown := [name for name in chosen if name not in known]:
        raise argparse.ArgumentTypeError(f"no {what} is called {unknown[0]!r}; there are {', '.join(known)}")
    return chosen


def _sizes(text: str) -> list[int]:
    first, dash, last = text.partition("-")
    if not first.isdigit() or (dash and not last.isdigit()) or not 1 <= int(first) <= int(last or first) <= 64:
        raise argparse.ArgumentTypeError(f"{text!r} is not two numbers of servers from 1 to 64, such as 2-6")
    return list(range(int(first), int(last or first) + 1))


def _number(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number of 1 or more")
    return int(text)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("experiments", nargs="+", choices=EXPERIMENTS, help="which of them")
    parser.add_argument("--url", help="use the deployment that runs here, such as http://127.0.0.1:5000")
    parser.add_argument("--control-url", default="http://127.0.0.1:5001", help="its control port (%(default)s)")
    parser.add_argument("--requests", type=_number, default=10_000, help="for each ring and N (%(default)s)")
    parser.add_argument("--users", type=_number, default=8, help="locust's, each one request at a time (%(default)s)")
    parser.add_argument("--path", default="/home", help="what is asked for (%(default)s)")
    parser.add_argument("--sizes", type=_sizes, default="2-6", help="N of A-2 and A-4 (%(default)s)")
    parser.add_argument(
        "--strategies",
        type=lambda text: _choice(text, list(STRATEGIES), "strategy"),
        default=",".join(STRATEGIES),
        help="of A-4 (%(default)s)",
    )
    parser.add_argument(
        "--hashes",
        type=lambda text: _choice(text, list(REQUEST_HASHES), "request hash"),
        default=",".join(REQUEST_HASHES),
        help="of A-4 (%(default)s)",
    )
    parser.add_argument("--out", type=Path, default=Path("loadtests/results"), help="folder to write to (%(default)s)")
    return parser.parse_args()


def main() -> int:
    interruptible_once(lambda: say("restoring the deployment; this takes up to a minute"))
    arguments = _arguments()
    for name in arguments.experiments:
        result = run(name, arguments)
        if not result.is_complete:
            say(f"{name} {result.status}: {result.reason}")
            return _INTERRUPTED if result.status == "interrupted" else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
