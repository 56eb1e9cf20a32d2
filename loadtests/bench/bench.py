"""The edge beside what a user would take instead: HAProxy's own hash, nginx, Envoy and Caddy.

All have the same servers, one core each and the same promises. Prints a Markdown table and whether the targets are met,
which never makes the run a failure: only wrong answers do. Writes the same as JSON, Markdown, SVG and PNG. Says on
standard error what it is doing.
"""

from __future__ import annotations

import argparse
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).parents[2]
sys.path[:0] = [str(PROJECT), str(PROJECT / "apps" / "balancer" / "src")]

from docker.errors import DockerException  # noqa: E402 (the search path comes first)

from loadtests.bench import chart, image, report, result  # noqa: E402
from loadtests.bench.arena import arena  # noqa: E402
from loadtests.bench.checks import WrongAnswer  # noqa: E402
from loadtests.bench.contestants import CONTESTANTS  # noqa: E402
from loadtests.bench.figures import BASE  # noqa: E402
from loadtests.bench.latency import BESIDE  # noqa: E402
from loadtests.bench.rounds import Plan, measure, measure_latency, measure_threads  # noqa: E402
from loadtests.drawing import save  # noqa: E402
from loadtests.experiments.results import lines  # noqa: E402
from loadtests.interruption import interruptible_once  # noqa: E402
from loadtests.running import CannotMeasure  # noqa: E402
from loadtests.swarm.options import number  # noqa: E402

OUT = PROJECT / "loadtests" / "results" / "bench"


def bench(names: Sequence[str], plan: Plan, haproxy: str) -> dict[str, Any]:
    """The result. Raises CannotMeasure, WrongAnswer."""
    _tell(f"making the images and bringing up {', '.join(names)}")
    with arena(names, haproxy) as field:
        for name, why in field.left_out.items():
            _tell(f"{name} is left out: {why}")
        runs = list(measure(field, plan, _tell))
        latencies = list(measure_latency(field, plan, runs, _tell))
        threads = list(measure_threads(field, plan, _tell))
        document = result.document(runs, latencies, threads, field, plan)
        _tell("taking everything down")
    return document


def write(document: dict[str, Any], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bench.json").write_text(lines(document) + "\n", encoding="utf-8")
    (folder / "bench.md").write_text(report.markdown(document), encoding="utf-8")
    save(chart.drawn(document), folder / "bench")


def main() -> int:
    """0 when every answer was right, 1 when one was not, 2 when something cannot be measured."""
    told = _parser().parse_args()
    plan = Plan(rounds=told.rounds, seconds=told.seconds, seed=told.seed)
    names = [name for name in CONTESTANTS if not told.only or name in (BASE, BESIDE, *told.only)]
    interruptible_once("bench: taking everything down")
    try:
        document = bench(names, plan, told.haproxy)
    except (CannotMeasure, DockerException, AssertionError, OSError) as error:
        _tell(str(error) or type(error).__name__)
        return 2
    except WrongAnswer as error:
        _tell(f"WRONG: {error}")
        return 1
    except KeyboardInterrupt:
        _tell("interrupted; nothing is left of it")
        return 130
    write(document, told.out)
    print(report.markdown(document))
    _tell(f"written to {told.out}; again with --seed {plan.seed}")
    return 1 if any(run["faults"] for kind in result.MEASURED for run in document[kind]) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--rounds", type=number(int, 1), default=9, help="how often each is measured (%(default)s)")
    parser.add_argument("--seconds", type=number(int, 1), default=2, help="how long each time (%(default)s)")
    parser.add_argument(
        "--only", action="append", choices=CONTESTANTS, help=f"one more beside {BASE} and {BESIDE}; all without any"
    )
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**6), help="of the order and the keys")
    parser.add_argument("--haproxy", default=image.NEXT, help="packages of the edge-next (%(default)s)")
    parser.add_argument("--out", type=Path, default=OUT, help="folder for the results (%(default)s)")
    return parser


def _tell(what: str) -> None:
    print(f"bench: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
