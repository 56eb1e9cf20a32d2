"""The ways in which the command fails, each with its exit code. No other module knows an exit code."""

from __future__ import annotations

import sys
from typing import IO, Any

import click

from ringmaster.render.words import plain

NO = 1
USAGE = 2
REFUSED = 3
AWAY = 4
INTERRUPTED = 130
PIPE_CLOSED = 141

EXIT_CODES: dict[int, str] = {
    0: "All is well, or done as asked.",
    NO: "The answer is no: `doctor` found something, a deploy did not go through, or you said no when asked.",
    USAGE: "The command line, the environment or the configuration is wrong. Nothing was asked of the balancer.",
    REFUSED: "The balancer refused (4xx). Everything is as it was.",
    AWAY: "The balancer cannot be reached, is away, failed or took too long (5xx).",
    INTERRUPTED: "Ctrl-C. What the balancer had begun goes on.",
}
"""What docs/command.md says of them."""


class Failure(click.ClickException):
    """An end with a message on standard error and an exit code other than 0."""

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(f"ringmaster: {plain(self.format_message())}", file=file or sys.stderr)


class No(Failure):
    """What was asked has the answer no."""

    exit_code = NO


class Misconfigured(Failure):
    """The environment, the configuration file or a file that it names is wrong."""

    exit_code = USAGE


class Refused(Failure):
    """The balancer answered 4xx."""

    exit_code = REFUSED


class Unknown(Refused):
    """The balancer does not know the path: it is older than the command."""


class Unauthorized(Refused):
    """The balancer wants a token, or another one."""


class Away(Failure):
    """No answer, or 5xx."""

    exit_code = AWAY


class Unreachable(Away):
    """Nobody took the question."""
