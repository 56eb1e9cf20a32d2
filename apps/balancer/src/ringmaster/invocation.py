"""An invocation: the client, the output, and whether the user wants JSON. Every command gets one."""

from __future__ import annotations

import functools
import os
import shlex
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click
from rich.console import RenderableType

from ringmaster.output import Output, confirm
from ringmaster.place import Given, find

if TYPE_CHECKING:
    from ringmaster.client import Answer, Client


@dataclass(frozen=True, slots=True)
class Invocation:
    client: Client
    as_json: bool = False
    out: Output = field(default_factory=Output)

    def show(self, answer: Answer, picture: Callable[[], RenderableType]) -> None:
        """Shows the API's document, as it is or as a picture."""
        if self.as_json:
            self.out.line(answer.text)
        else:
            self.out.show(picture())

    def confirm(self, question: str, *, is_sure: bool) -> None:
        """Asks, unless the user is sure already. Where nobody can be asked, it says what to write."""
        if not is_sure:
            confirm(question, instead=f"{shlex.join(['ringmaster', *sys.argv[1:]])} --yes")


_OPTIONS = (
    click.option("--url", metavar="URL", help="The control port. [default: http://127.0.0.1:5001]"),
    click.option(
        "--token-file", metavar="FILE", type=click.Path(), help="A file that holds the token and nothing else."
    ),
    click.option("--ca", metavar="FILE", type=click.Path(), help="Who signed the control port's certificate, as PEM."),
    click.option("--json", "as_json", is_flag=True, help="Print the API's document as it is."),
)


def common(function: Callable[..., None]) -> Callable[..., None]:
    """Adds the options that every command has."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def asks(function: Callable[..., None]) -> Callable[..., None]:
    """A function that asks the balancer: it gets its invocation first, and the common options are not its own."""

    @functools.wraps(function)
    def asking(
        *args: Any, url: str | None, token_file: str | None, ca: str | None, as_json: bool, **options: Any
    ) -> None:
        from ringmaster.client import Client  # noqa: PLC0415 (slow to load, and help needs none)

        given = Given(url=url, token_file=token_file, ca=ca, as_json=as_json).over(of_the_group())
        function(Invocation(Client(find(given, os.environ)), given.as_json), *args, **options)

    return common(asking)


def of_the_group() -> Given:
    """What was given before the command's name."""
    context = click.get_current_context(silent=True)
    found = context.find_object(Given) if context else None
    return found or Given()
