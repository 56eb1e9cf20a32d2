"""What this locustfile adds to locust's command line. Each is in the environment, too: LOCUST_KEYS and so on."""

from __future__ import annotations

import math
from argparse import ArgumentTypeError
from collections.abc import Callable, Mapping
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


READERS: Mapping[str, Callable[[str], Any]] = {
    "path": paths,
    "keys": number(int, 1, 1_000_000),
    "zipf": number(float, 0, 10),
    "rate": number(float, 0.001, 1_000),
    "requests": number(int, 0),
}
"""Those of the traffic, with what turns their text into their value. They are in the page's start form as well. Control
port and token are not: whatever page is open in the same browser may read locust's form, and send it."""


def add(parser: LocustArgumentParser) -> None:
    parser.set_defaults(stop_timeout=STOP_TIMEOUT)
    for name, default, metavar, text in (
        ("path", "/home", "<path>", "What is asked for; of several, /a,/b, one at random."),
        ("keys", 10_000, "<int>", "How many keys UniformKeyUser and ZipfKeyUser draw from."),
        ("zipf", 1.1, "<float>", "ZipfKeyUser: the n-th most popular key comes in proportion to n^-zipf."),
        ("rate", 10.0, "<float>", "Requests a second of each ConstantThroughputUser."),
        ("requests", 0, "<int>", "End after exactly so many requests, in one process only; 0: no limit."),
    ):
        _add(parser, name, READERS[name], metavar, f"{text} Default {default}.", default=default)
    text = f"What each answer has to contain; {{server}} is who signed it. Default {GREETING!r} at /home, else nothing."
    _add(parser, "text", str, "<text>", text)
    text = f"The control port, which is asked for the ring. Default {CONTROL_URL}."
    _add(parser, "control-url", url, "<url>", text, default=CONTROL_URL)
    text = "The deployment's token, better as RINGMASTER_TOKEN in the environment: everybody sees command lines."
    _add(parser, "token", str, "<token>", text, default="", variable="RINGMASTER_TOKEN")
    text = "Write at the end what each server answered in each second, and the errors, as JSON."
    _add(parser, "servers-file", writable, "<filename>", text)
    text = "Exit code 1 if a larger part of the requests failed; as few as that are forgiven. 0 to 1."
    _add(parser, "max-fail-ratio", number(float, 0, 1), "<ratio>", text)
    text = "Exit code 1 if the 99th percentile of the response times, as locust prints it, is longer."
    _add(parser, "max-p99-ms", number(float, 0), "<ms>", text)
    text = "Exit code 1 if the busiest server answered more than so many times the mean. 1 is even."
    _add(parser, "max-over-mean", number(float, 1), "<ratio>", text)


def _add(
    parser: LocustArgumentParser,
    name: str,
    read: Callable[[str], Any],
    metavar: str,
    text: str,
    *,
    default: Any = None,
    variable: str = "",
) -> None:
    parser.add_argument(
        f"--{name}",
        type=read,
        default=default,
        metavar=metavar,
        env_var=variable or f"LOCUST_{name.replace('-', '_').upper()}",
        help=text,
        include_in_web_ui=name in READERS,
    )
