"""What the wire says of files means the same files, whole or as changes."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from fractions import Fraction
from itertools import pairwise, product

import pytest

from balancer.adapters.edges.wire import (
    ACTIVITY,
    VERBS,
    ActivityColumns,
    changes_document,
    files_document,
    files_of,
    line,
)
from balancer.adapters.haproxy.edge_files import EdgeFiles
from balancer.core.activity import Activity
from balancer.core.certificate import Certificate
from balancer.core.load import Load
from balancer.core.routes import Backend
from balancer.core.server_load import ServerCounters
from balancer.core.traffic import CountedKey, KeyCounts
from tests.unit.balancer.adapters.edges.files import files

VARIETY = (
    files(),
    files("b"),
    files("c", servers=0),
    files("d", servers=40, first=7),
    files("e", slots=8),
    files("f", slots=0, servers=0),
    files("g", bound=Fraction(5, 4), fixed="h"),
    files("i", draining=True),
    replace(files("j"), configuration=""),
    replace(files("k"), configuration="end\nend\n\n\n1\n[0, 1]\n"),
    replace(files("l"), backends=tuple(reversed(files().backends))),
    replace(files("m"), backends=(Backend("S1", "10.9.9.9:1", protocol="h2c"), *files().backends[1:])),
)


@pytest.mark.parametrize("given", VARIETY, ids=lambda given: given.digest)
def test_the_files_come_over_whole(given: EdgeFiles) -> None:
    assert files_of(json.loads(line(files_document(given)))) == given


@pytest.mark.parametrize(("base", "given"), [*product(VARIETY, VARIETY)], ids=lambda given: given.digest)
def test_changes_of_a_base_come_over_as_the_same_files(base: EdgeFiles, given: EdgeFiles) -> None:
    assert files_of(json.loads(line(changes_document(given, base))), base) == given


def test_changes_after_changes_are_the_latest_files() -> None:
    told = VARIETY[0]
    for before, given in pairwise(VARIETY):
        told = files_of(json.loads(line(changes_document(given, before))), told)
    assert told == VARIETY[-1]


def test_an_owner_that_is_no_backend_owns_nothing_in_either_form() -> None:
    given = replace(files(), slots=("S1", "S9", "", "S9"))
    base = replace(files("b"), slots=("S1", "S9", "S2", "S2"))
    assert files_of(files_document(given)).slots == ("S1", "", "", "")
    assert files_of(changes_document(given, base), base).slots == ("S1", "", "", "")


def test_changes_of_little_are_short() -> None:
    base = files("a", servers=500, slots=4096)
    given = replace(base, digest="b", slots=("S7", *base.slots[1:]), backends=base.backends[:-1])
    assert len(line(changes_document(given, base))) < len(line(files_document(given))) / 10


@pytest.mark.parametrize("base", [None, files("c")], ids=["none", "another"])
def test_changes_of_what_is_not_here_are_refused(base: EdgeFiles | None) -> None:
    with pytest.raises(ValueError, match="changes of a-f"):
        files_of(changes_document(files("b"), files("a")), base)


def test_damaged_files_are_refused() -> None:
    with pytest.raises(ValueError, match="damaged"):
        files_of({**files_document(files()), "slots": "AAAA"})


def test_activity_comes_over_in_columns() -> None:
    said = json.loads(line({"result": VERBS["activity"].encode({"S2": Activity(1, 2, 3, 4), "S1": Activity(5)})}))
    told = VERBS["activity"].decode(said["result"])
    assert told == ActivityColumns(("S1", "S2"), ([5, 1], [0, 2], [0, 3], [0, 4]))
    assert tuple(field.name for field in fields(Activity)) == ACTIVITY


@pytest.mark.parametrize("told", [[], [["S1"]], [["S1"], [1], [1], [1], []], [["S1"], [1], [1], [1], [1], [1]]])
def test_what_are_no_columns_is_refused(told: list[list[object]]) -> None:
    with pytest.raises(ValueError, match=r"columns|unpack"):
        VERBS["activity"].decode(told)


@pytest.mark.parametrize(
    ("verb", "result"),
    [
        ("close_idle", None),
        ("load", Load(3, 0.25)),
        ("keyless", 7),
        ("certificates", (Certificate("a.pem", ("a.example", "b.example"), "0A", 1_800_000_000),)),
        ("counters", {"S1": ServerCounters(1, 2, 3, 0.5)}),
        ("keys", KeyCounts(1 / 16, (CountedKey(3, "0badcafe", 9),))),
        ("exposition", "# HELP a b\n"),
        ("old_processes", 1),
    ],
)
def test_every_answer_comes_over(verb: str, result: object) -> None:
    said = json.loads(line({"answer": 1, "result": VERBS[verb].encode(result)}))
    assert VERBS[verb].decode(said["result"]) == result
