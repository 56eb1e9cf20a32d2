"""Answers that stay up to date: in place where a person looks, one after the other in a pipe."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

import click
from rich.console import RenderableType

from ringmaster.errors import Away
from ringmaster.output import Output
from ringmaster.render import words

T = TypeVar("T")

watch = click.option("--watch", "-w", is_flag=True, help="Go on showing it, until Ctrl-C.")
interval = click.option(
    "--interval",
    type=click.FloatRange(min=0.2),
    default=2.0,
    show_default=True,
    metavar="SECONDS",
    help="How often --watch looks.",
)


def keep_showing(out: Output, ask: Callable[[], T], picture: Callable[[T], RenderableType], seconds: float) -> None:
    """Asks and shows for ever. While the balancer is away, the reason is shown."""
    with out.live() as live:
        while True:
            try:
                shown = picture(ask())
            except Away as error:
                shown = words.line((error.format_message(), words.BAD))
            if live:
                live.update(shown, refresh=True)
            else:
                out.show(shown)
            time.sleep(seconds)


def keep_printing(out: Output, ask: Callable[[], str], seconds: float) -> None:
    """Asks and prints one line for ever. While the balancer is away, the reason is told on standard error."""
    while True:
        try:
            out.line(ask())
        except Away as error:
            out.say(error.format_message())
        time.sleep(seconds)
