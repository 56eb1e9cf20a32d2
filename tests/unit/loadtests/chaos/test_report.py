"""The table, and what makes a run a failure."""

from __future__ import annotations

import pytest

from loadtests.chaos.ledger import Tally
from loadtests.chaos.outcome import Outcome
from loadtests.chaos.report import table


def outcome(kind: str = "kill", **differences: object) -> Outcome:
    usual = {
        "number": 1,
        "kind": kind,
        "says": "S1",
        "after": 2.0,
        "off_ring": 0.1,
        "whole": 1.0,
        "tally": Tally(requests=100, failed={}),
    }
    return Outcome(**{**usual, **differences})  # type: ignore[arg-type]


def cells(outcomes: list[Outcome], row: str) -> dict[str, str]:
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table(outcomes, ["kill", "rm"]).splitlines()]
    head = next(line for line in lines if line and line[0] == "fault or call")
    return dict(zip(head, next(line for line in lines if line and line[0] == row), strict=True))


def test_times_are_medians_and_longest_of_the_acts_that_had_the_fleet_to_themselves() -> None:
    several = [outcome(off_ring=seconds, whole=2 * seconds) for seconds in (0.1, 0.2, 0.6)]
    row = cells([*several, outcome(off_ring=None, whole=None)], "kill")
    assert (row["count"], row["off the ring"], row["whole again"]) == ("4", "0.20 s, 0.60 s", "0.40 s, 1.20 s")


def test_where_nothing_was_measured_it_says_so() -> None:
    assert cells([outcome(off_ring=None, whole=None)], "kill")["off the ring"] == "—"


def test_failures_are_summed_with_their_causes() -> None:
    failed = [outcome(tally=Tally(requests=10, failed={"502": 2})), outcome(tally=Tally(requests=5, failed={"503": 1}))]
    row = cells(failed, "kill")
    assert (row["requests"], row["failed"]) == ("15", "3 (502: 2) (503: 1)")


def test_the_worst_second_leaves_out_acts_that_others_blurred() -> None:
    tally = Tally(requests=10, failed={}, worst_share=0.5)
    assert cells([outcome(whole=None, tally=tally), outcome()], "kill")["worst second"] == "0.0%"
    assert cells([outcome(tally=tally)], "kill")["worst second"] == "50.0%"


def test_every_kind_that_occurred_has_a_row_and_so_have_all() -> None:
    text = table([outcome("kill"), outcome("rm")], ["kill", "rm", "pause"])
    assert "| pause" not in text
    assert cells([outcome("kill"), outcome("rm")], "all")["count"] == "2"


@pytest.mark.parametrize(
    ("differences", "said"),
    [
        ({"tally": Tally(requests=1, failed={"502": 1})}, ["1 idempotent requests failed: 502"]),
        ({"posts_repeated": ["17"]}, ["POST 17 was sent to more than one server"]),
        ({"broken": ["orphans: ['x']"]}, ["orphans: ['x']"]),
        ({"tally": Tally(requests=9, failed={}, begun=1, posts=3, edge_away=2, repeated=4)}, []),
    ],
)
def test_what_must_not_be_is_a_failure_and_the_stated_exceptions_are_none(
    differences: dict[str, object], said: list[str]
) -> None:
    shown = outcome(**differences)
    assert shown.faults == said
    assert all(f"FAILURE: {line}" in str(shown) for line in said)
