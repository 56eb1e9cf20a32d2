"""What this locustfile adds to locust's command line. Each is in the environment, too: LOCUST_KEYS and so on."""

from __future__ import annotations

import math
from argparse import ArgumentTypeError
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from loadtests.swarm.answers import GREETING

if TYPE_CHECKING:
    from locust.argument_parser import LocustArgumentParser

CONTROL_URL = "http://127.0.0.1:5001"
STOP_TIMEOUT = 2
"""Seconds in which requests under way may end with the run."""

T = TypeVar("T", int, float)


def number(kind: type[T], least: float, most: float = math.inf) -> Callable[[str], T]:
    """Reads a finite one from `least` to `most`."""
    limits = f"from {least} to {most}" if math.isfinite(most) else f"{least} or more"
    what = f"a {'whole ' if kind is int else ''}number, {limits}"

    def read(text: str) -> T:
        try:
            value = kind(text)
        except ValueError as error:
            raise ArgumentTypeError(f"{text!r} is none: write {what}") from error
        if not (math.isfinite(value) and least <= value <= most):
            raise ArgumentTypeError(f"{text} is out of range: write {what}")
        return value

    return read


def url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise ArgumentTypeError(f"{text!r} is no URL: write it as {CONTROL_URL}")
    return text.rstrip("/")


def paths(text: str) -> str:
    if not all(path.startswith("/") and " " not in path for path in text.split(",")):
        raise ArgumentTypeError(f"{text!r} is no path: write it as /home, several as /a,/b")
    return text


def writable(text: str) -> str:
    """Not as a Path: a master sends all options to its workers, and can only send what is plain."""
    path = Path(text)
    if not path.parent.is_dir() or path.is_dir():
        raise ArgumentTypeError(f"{text} cannot be a file: name one in a folder that exists")
    return text


_OPTIONS: Sequence[tuple[str, Callable[[str], Any], Any, str]] = (
    ("path", paths, "/home", "What is asked for; of several, /a,/b, one at random. Default /home."),
    (
        "keys",
        number(int, 1, 1_000_000),
        10_000,
        "How many keys UniformKeyUser and ZipfKeyUser draw from; 10000.",
    ),
    ("zipf", number(float, 0, 10), 1.1, "ZipfKeyUser: the n-th key comes in proportion to n^-zipf. Default 1.1."),
    ("rate", number(float, 0.001, 1_000), 10.0, "Requests a second of each ConstantThroughputUser. Default 10."),
    ("requests", number(int, 0), 0, "End after exactly so many requests, in one process only. Default 0: no limit."),
    ("text", str, None, f"What answers contain; {{server}} is who signed it. Default {GREETING!r} at /home."),
    ("control-url", url, CONTROL_URL, f"The control port, which is asked for the ring. Default {CONTROL_URL}."),
    ("token", str, "", "The deployment's, better as RINGMASTER_TOKEN in the environment: all see command lines."),
    ("servers-file", writable, None, "Write in the end what each server answered in each second, as JSON."),
    ("max-fail-ratio", number(float, 0, 1), None, "Exit code 1 if a larger part of the requests failed than this."),
    ("max-p99-ms", number(float, 0), None, "Exit code 1 if the 99th percentile of locust's response times is longer."),
    (
        "max-over-mean",
        number(float, 1),
        None,
        "Exit code 1 if the busiest server has more than this times the mean.",
    ),
)
READERS = {name: read for name, read, *_ in _OPTIONS[:5]}
"""Those of the traffic, which are in the page's start form as well. Control port and token are not: whatever page is
open in the same browser may read locust's form, and send it."""


def add(parser: LocustArgumentParser) -> None:
    parser.set_defaults(stop_timeout=STOP_TIMEOUT)
    for name, read, default, text in _OPTIONS:
        parser.add_argument(
            f"--{name}",
            type=read,
            default=default,
            env_var="RINGMASTER_TOKEN" if name == "token" else f"LOCUST_{name.replace('-', '_').upper()}",
            help=text,
            include_in_web_ui=name in READERS,
        )
