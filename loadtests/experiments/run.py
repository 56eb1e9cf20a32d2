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
from loadtests.swarm.options import number  # noqa: E402

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
                line = faults.play(stage, path=arguments.path, say=say)
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
    load = Load(path=arguments.path, requests=arguments.requests)
    least, most = sorted(arguments.sizes)
    sizes = range(least, most + 1)
    planned = steps(name, sizes, arguments.strategy or list(STRATEGIES), arguments.hash or list(REQUEST_HASHES))
    began = time.monotonic()
    for done, step in enumerate(planned, start=1):
        runs.append(measure(stage, step, load))
        left = (time.monotonic() - began) / done * (len(planned) - done)
        say(f"  {done}/{len(planned)} {runs[-1]}; {left / 60:.0f} min left")


def _stage(name: str, arguments: argparse.Namespace) -> AbstractContextManager[Stage]:
    if arguments.url:
        return borrowed(arguments.url, arguments.control_url, os.environ.get("RINGMASTER_TOKEN", ""))
    say("  bringing up a deployment, 10 s with images built before …")
    # Servers only join it, so that they have the ring ids 1, 2, 3 … with which the course's shares are published.
    return temporary(replicas=A1_SIZE if name in ("a-1", "a-3") else min(arguments.sizes))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("experiments", nargs="+", choices=EXPERIMENTS, help="which of them")
    parser.add_argument("--url", help="use the deployment that runs here, such as http://127.0.0.1:5000")
    parser.add_argument("--control-url", default="http://127.0.0.1:5001", help="its control port (%(default)s)")
    parser.add_argument("--requests", type=number(int, 1), default=10_000, help="for each ring and N (%(default)s)")
    parser.add_argument("--path", default="/home", help="what is asked for (%(default)s)")
    parser.add_argument(
        "--sizes", type=number(int, 1, 64), nargs=2, default=(2, 6), help="the least and the greatest N of A-2 and A-4"
    )
    parser.add_argument("--strategy", action="append", choices=STRATEGIES, help="one of A-4's; all without any")
    parser.add_argument("--hash", action="append", choices=REQUEST_HASHES, help="one of A-4's; all without any")
    parser.add_argument("--out", type=Path, default=Path("loadtests/results"), help="folder to write to (%(default)s)")
    return parser.parse_args()


def main() -> int:
    interruptible_once("restoring the deployment; this takes up to a minute")
    arguments = _arguments()
    for name in arguments.experiments:
        result = run(name, arguments)
        if not result.is_complete:
            say(f"{name} {result.status}: {result.reason}")
            return _INTERRUPTED if result.status == "interrupted" else 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
