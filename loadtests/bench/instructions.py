"""What a request costs the edge, beside HAProxy's own hash and nginx: instructions in user space and system calls.

The figures of the edge are compared with those in the file of this HAProxy's version: where one has risen by more than
2 %, the run fails. `--accept` writes them into the file. Over TLS they are not compared: what a processor knows of
cryptography decides them. Says on standard error what it is doing.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path

PROJECT = Path(__file__).parents[2]
sys.path[:0] = [str(PROJECT), str(PROJECT / "apps" / "balancer" / "src")]

from docker.errors import DockerException  # noqa: E402 (the search path comes first)

from loadtests.bench.counted import Counted, counted  # noqa: E402
from loadtests.bench.counting import Count, bench, version  # noqa: E402
from loadtests.bench.image import SHIPPED, instructions_image  # noqa: E402
from loadtests.running import CannotMeasure, engine  # noqa: E402

ACCEPTED = Path(__file__).parent / "accepted"
RISE = 0.02
_NOT_COMPARED = "tls"
_AT_ONCE = 2

Counts = Mapping[str, Mapping[str, Count]]
"""Name → variant → its count."""


def count(*, haproxy: str, short: bool) -> tuple[str, Counts]:
    """HAProxy's version, and the counts. `haproxy`: the packages that it is. Raises CannotMeasure."""
    with engine() as here, instructions_image(here, haproxy) as tag:
        found = version(here, tag)
        whats = [what for what in counted(has_small_buffers=has_small_buffers(found)) if not short or is_short(what)]
        _tell(f"counting {len(whats)} configurations, HAProxy {found}")

        def one(what: Counted) -> tuple[str, str, Count]:
            with bench(here, tag) as place:
                return what.name, what.variant, place.count(what, calls=not short)

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            rows = list(pool.map(one, whats))
    return found, {name: {row[1]: row[2] for row in group} for name, group in groupby(rows, key=lambda row: row[0])}


def is_short(what: Counted) -> bool:
    return what.name == "edge" and what.variant in ("plain", "keyed")


def has_small_buffers(version: str) -> bool:
    return tuple(map(int, version.split(".")[:2])) >= (3, 4)


def risen(accepted: Mapping[str, int], now: Mapping[str, int]) -> Iterator[str]:
    """What is to be said of the variants that cost more than was accepted, or of which nothing was."""
    for variant, instructions in now.items():
        if variant == _NOT_COMPARED:
            continue
        before = accepted.get(variant)
        if before is None:
            yield f"edge, {variant}: {instructions} instructions for each request, and none are accepted yet"
        elif instructions > before * (1 + RISE):
            rise = instructions / before - 1
            yield f"edge, {variant}: {instructions} instructions for each request, {rise:.1%} more than {before}"


def table(counts: Counts) -> str:
    variants = list(counts["edge"])
    lines = [
        "| instructions/request | " + " | ".join(variants) + " |",
        "|---|" + "---|" * len(variants),
        *(
            f"| {name} | " + " | ".join(str(of[each].instructions) if each in of else "" for each in variants) + " |"
            for name, of in counts.items()
        ),
    ]
    for name, of in counts.items():
        for variant, each in of.items():
            if each.calls:
                told = ", ".join(f"{call} {often:g}" for call, often in each.calls.items())
                lines.append(f"{name}, {variant}: {sum(each.calls.values()):.1f} system calls/request ({told})")
    return "\n".join(lines)


def main() -> int:
    """0 when nothing has risen, 1 when something has, 2 when nothing can be counted."""
    told = _parser().parse_args()
    try:
        found, counts = count(haproxy=told.haproxy, short=told.short)
    except (CannotMeasure, DockerException, AssertionError, OSError) as error:
        _tell(str(error) or type(error).__name__)
        return 2
    print(f"HAProxy {found}\n\n{table(counts)}")
    if told.haproxy != SHIPPED:
        return 0
    now = {variant: each.instructions for variant, each in counts["edge"].items()}
    file = ACCEPTED / f"haproxy-{found}.json"
    accepted = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
    if told.accept:
        file.parent.mkdir(exist_ok=True)
        file.write_text(json.dumps(accepted | now, indent=2) + "\n", encoding="utf-8")
        _tell(f"accepted: {file.relative_to(PROJECT)}")
        return 0
    complaints = list(risen(accepted, now))
    for complaint in complaints:
        _tell(complaint)
    if complaints:
        _tell("make it cheaper, or where it is worth that: make bench-instructions ACCEPT=1, and commit the file")
    return 1 if complaints else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--short", action="store_true", help="the edge alone, without and with a key, no system calls")
    parser.add_argument("--accept", action="store_true", help="take the figures as those to compare with from now on")
    parser.add_argument(
        "--haproxy",
        default=SHIPPED,
        help="packages of another HAProxy, which is compared with nothing",
    )
    return parser


def _tell(what: str) -> None:
    print(f"bench-instructions: {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
