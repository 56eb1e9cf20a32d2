"""What these locust files add to locust's command line."""

from __future__ import annotations

import math
from argparse import ArgumentTypeError
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from configargparse import ArgumentParser

CONTROL_URL = "http://127.0.0.1:5001"
STOP_TIMEOUT = 2
"""Seconds in which requests under way may end with the run."""

T = TypeVar("T", int, float)


@dataclass(frozen=True, slots=True)
class Option:
    """`read` turns its text into its value or raises ArgumentTypeError. `on_the_page`: in the start form as well. Those
    of the traffic are; control port and token are not, because whatever page is open in the same browser may read
    locust's form, and send it."""

    name: str
    read: Callable[[str], Any]
    default: Any
    metavar: str
    help: str
    on_the_page: bool = False
    variable: str = ""

    @property
    def field(self) -> str:
        return self.name.replace("-", "_")

    def add(self, parser: ArgumentParser) -> None:
        option = parser.add_argument(
            f"--{self.name}",
            type=self.read,
            default=self.default,
            metavar=self.metavar,
            env_var=self.variable or f"LOCUST_{self.field.upper()}",
            help=self.help,
        )
        option.include_in_web_ui = self.on_the_page  # locust's argument for it is a parser's, not a group's


def add(parser: ArgumentParser) -> None:
    parser.set_defaults(stop_timeout=STOP_TIMEOUT)
    group = parser.add_argument_group("Ringmaster options", "Each in the environment, too: LOCUST_KEYS and so on.")
    for option in OPTIONS:
        option.add(group)


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


def writable(text: str) -> str:
    """Not as a Path: a master sends all options to its workers, and can only send what is plain."""
    path = Path(text)
    if not path.parent.is_dir() or path.is_dir():
        raise ArgumentTypeError(f"{text} cannot be a file: name one in a folder that exists")
    return text


OPTIONS = (
    Option(
        "control-url",
        url,
        CONTROL_URL,
        "<url>",
        f"The control port, which is asked for the ring. Default {CONTROL_URL}.",
    ),
    Option(
        "token",
        str,
        "",
        "<token>",
        "The deployment's token, better as RINGMASTER_TOKEN in the environment: everybody sees command lines.",
        variable="RINGMASTER_TOKEN",
    ),
    Option(
        "keys",
        number(int, 1, 1_000_000),
        10_000,
        "<int>",
        "How many keys UniformKeyUser and ZipfKeyUser draw from. Default 10000.",
        on_the_page=True,
    ),
    Option(
        "zipf",
        number(float, 0, 10),
        1.1,
        "<float>",
        "ZipfKeyUser's exponent: the n-th most popular key comes in proportion to n^-exponent. Default 1.1.",
        on_the_page=True,
    ),
    Option(
        "requests",
        number(int, 0),
        0,
        "<int>",
        "End after exactly so many requests, in one process only. Default 0: no limit.",
        on_the_page=True,
    ),
    Option(
        "servers-file",
        writable,
        None,
        "<filename>",
        "Write at the end what each server answered in each second, with statuses and errors, as JSON.",
    ),
    Option(
        "max-fail-ratio",
        number(float, 0, 1),
        None,
        "<ratio>",
        "Exit code 1 if a larger part of the requests failed; as few as that are forgiven. 0 to 1.",
    ),
    Option(
        "max-p99-ms",
        number(float, 0),
        None,
        "<ms>",
        "Exit code 1 if the 99th percentile of the response times, as locust prints it, is longer.",
    ),
    Option(
        "max-over-mean",
        number(float, 1),
        None,
        "<ratio>",
        "Exit code 1 if the busiest server answered more than so many times the mean. 1 is even.",
    ),
)
