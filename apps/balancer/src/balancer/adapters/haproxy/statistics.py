"""HAProxy's statistics: the answers of the current process and of old ones. What they mean is told elsewhere."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path

from balancer.adapters.haproxy.runtime_api import RuntimeApi

_REEXECUTION = 2.0
"""Seconds for which the master process may not listen: it executes itself again after its start and after a reload."""

_WORKERS = re.compile(r"^# workers\n((?:[^#].*\n?)*)", re.MULTILINE)
_OLD_WORKERS = re.compile(r"^# old workers\n((?:[^#].*\n?)*)", re.MULTILINE)


class Statistics:
    """`runtime` reaches the current process, `master` each of them. After a reload an old process finishes its
    requests. `timeout`: seconds that each answer may take, None for what RuntimeApi allows. `retry_for`: seconds for
    which connecting to the master is tried again while it does not listen."""

    def __init__(self, directory: Path, *, timeout: float | None = None, retry_for: float = _REEXECUTION) -> None:
        self.runtime = RuntimeApi(directory / "runtime.sock", timeout=timeout)
        self.master = RuntimeApi(directory / "master.sock", retry_for=retry_for, timeout=timeout)

    def answers(self, command: str) -> list[str]:
        """The answer of the current process, and those of old ones."""
        current = self.runtime.ask(command)
        return [current, *(self.master.ask(f"@!{pid} {command}") for pid in self.old_processes())]

    def by_process(self, command: str) -> dict[str, str]:
        """process id → its answer, the current one's first. The answer of a process that has just ended is an error."""
        shown = self._processes()
        pids = (*_pids(_WORKERS, shown), *_pids(_OLD_WORKERS, shown))
        return {pid: self.master.ask(f"@!{pid} {command}") for pid in pids}

    def old_processes(self) -> list[str]:
        return _pids(_OLD_WORKERS, self._processes())

    def _processes(self) -> str:
        return self.master.do("show proc", expect="#<PID>")


def rows(answer: str) -> Iterator[dict[str, str]]:
    """The rows of an answer to `show stat`."""
    yield from csv.DictReader(answer.removeprefix("# ").splitlines())


def columns(answer: str, fields: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """These fields, the first of which is svname, of each whole row; a process that ends may leave a part of one. What
    HAProxy does not tell is empty. A row has about 190 fields, and those after the last one that is asked for are not
    looked at, unless a text is among them that is in quotes, because it has a comma."""
    lines = iter(answer.removeprefix("# ").splitlines())
    header = next(lines, "").split(",")
    if "svname" not in header:
        return
    places = [header.index(field) if field in header else -1 for field in fields]
    last = max(places)
    whole = min(len(header), last + 2)
    picked = itemgetter(*places)
    for line in lines:
        row = next(csv.reader([line])) if '"' in line else line.split(",", last + 1)
        if len(row) >= whole:
            yield picked((*row, ""))


def _pids(kind: re.Pattern[str], shown: str) -> list[str]:
    found = kind.search(shown)
    return [line.split()[0] for line in found[1].splitlines()] if found else []
