"""Where the command prints: documents and pictures on standard output, progress and questions on standard error."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import click
from rich.console import Console, RenderableType
from rich.live import Live
from rich.text import Text

from ringmaster.errors import PIPE_CLOSED, No
from ringmaster.render.words import plain

_PIPED_WIDTH = 10_000
"""Columns in a pipe or a file, unless COLUMNS says otherwise. No line is broken there."""
_DRAWN_WIDTH = 120
"""Columns for a drawing where nothing tells the width."""


class _Stdout(Console):
    def on_broken_pipe(self) -> None:
        _leave_quietly()


class Output:
    """Colours and moving pictures only where a person looks, and not under NO_COLOR. What servers said is never taken
    for markup."""

    def __init__(self) -> None:
        self.stdout = _console(_Stdout, sys.stdout)
        self.stderr = _console(Console, sys.stderr)

    @property
    def has_colour(self) -> bool:
        return self.stdout.color_system is not None and not self.stdout.no_color

    @property
    def columns(self) -> int:
        """The room for a drawing."""
        return _DRAWN_WIDTH if self.stdout.width == _PIPED_WIDTH else self.stdout.width

    def show(self, picture: RenderableType) -> None:
        """Prints a picture; in a pipe without the blanks at the end of its lines."""
        if self.stdout.is_terminal:
            self.stdout.print(picture)
            return
        with self.stdout.capture() as captured:
            self.stdout.print(picture)
        self.line("\n".join(line.rstrip() for line in captured.get().splitlines()))

    def line_of(self, text: Text) -> None:
        """Prints one line with its styles. A terminal breaks it, nobody else."""
        self.stdout.print(text, soft_wrap=True)

    def line(self, text: str) -> None:
        """Writes one line as it is, however long."""
        try:
            self.stdout.file.write(f"{text}\n")
            self.stdout.file.flush()
        except BrokenPipeError:
            _leave_quietly()

    def say(self, text: str) -> None:
        """Writes one line for the person who waits."""
        self.stderr.print(plain(text), soft_wrap=True)

    @contextmanager
    def waiting(self, text: str) -> Iterator[None]:
        """Shows that something takes its time, where a person looks."""
        if not self.stderr.is_terminal:
            yield
            return
        with self.stderr.status(text):
            yield

    @contextmanager
    def live(self) -> Iterator[Live | None]:
        """A picture that is replaced in place; None where nobody looks."""
        if not self.stdout.is_terminal:
            yield None
            return
        with Live(console=self.stdout, auto_refresh=False, vertical_overflow="crop") as live:
            yield live


def confirm(question: str, *, instead: str) -> None:
    """Asks before something is taken away. Where nobody can answer, it refuses, and says what to write `instead`."""
    if not sys.stdin.isatty():
        raise click.UsageError(f"this takes something away, and nobody is there to say yes: write {instead}")
    if not click.confirm(question, err=True):
        raise No("nothing was changed")


def _console(kind: type[Console], file: IO[str]) -> Console:
    is_piped = not file.isatty() and "COLUMNS" not in os.environ
    width = _PIPED_WIDTH if is_piped else shutil.get_terminal_size().columns
    return kind(file=file, width=width, markup=False, highlight=False, emoji=False)


def _leave_quietly() -> None:
    """Ends as programs do whose reader has gone. Nothing is left to be flushed at the end of the process."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    raise click.exceptions.Exit(PIPE_CLOSED)
