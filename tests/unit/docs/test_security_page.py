"""docs/security.md promises nothing that no test shows: every line of its tables names tests, and all of them exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[3]
PAGE = (PROJECT / "docs" / "security.md").read_text()
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


@cache
def names_in(path: Path) -> frozenset[str]:
    return frozenset(node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef))


def promises() -> list[str]:
    """The lines of the tables that have a column "shown by"."""
    found: list[str] = []
    is_promise = False
    for line in PAGE.splitlines():
        if not line.startswith("|"):
            is_promise = False
        elif line.rstrip(" |").endswith("shown by"):
            is_promise = True
        elif is_promise and not set(line) <= set("|- "):
            found.append(line)
    return found


@pytest.mark.parametrize(("path", "name"), sorted(set(NAMED.findall(PAGE))))
def test_every_test_that_it_names_exists(path: str, name: str) -> None:
    file = PROJECT / path
    assert file.is_file(), f"{path} is not there"
    assert name in names_in(file), f"{path} has no {name}"


@pytest.mark.parametrize("line", promises())
def test_every_line_names_a_test(line: str) -> None:
    assert NAMED.search(line.split("|")[-2]), "no test shows it"


def test_there_are_lines() -> None:
    assert len(promises()) >= 20
