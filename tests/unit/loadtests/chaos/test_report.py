"""The table, and what makes a run a failure."""

from __future__ import annotations

from loadtests.chaos.report import table
from loadtests.chaos.result import Result
from loadtests.traffic import TrafficCounts


def result(action: str = "kill", **differences: object) -> Result:
    usual = {
        "number": 1,
        "action": action,
        "says": "S1",
        "after": 2.0,
        "off_ring": 0.1,
        "whole": 1.0,
        "counts": TrafficCounts(requests=100, failed={}),
    }
    return Result(**{**usual, **differences})  # type: ignore[arg-type]


def cells(results: list[Result], row: str) -> dict[str, str]:
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table(results, ["kill", "rm"]).splitlines()]
    head = next(line for line in lines if line and line[0] == "fault or call")
    return dict(zip(head, next(line for line in lines if line and line[0] == row), strict=True))


def test_times_are_medians_and_longest_of_the_acts_that_had_the_fleet_to_themselves() -> None:
    several = [result(off_ring=seconds, whole=2 * seconds) for seconds in (0.1, 0.2, 0.6)]
    row = cells([*several, result(off_ring=None, whole=None)], "kill")
    assert (row["count"], row["off the ring"], row["whole again"]) == ("4", "0.20 s, 0.60 s", "0.40 s, 1.20 s")


def test_where_nothing_was_measured_it_says_so() -> None:
    assert cells([result(off_ring=None, whole=None)], "kill")["off the ring"] == "—"


def test_failures_are_summed_with_their_causes() -> None:
    failed = [
        result(counts=TrafficCounts(requests=10, failed={"502": 2})),
        result(counts=TrafficCounts(requests=5, failed={"503": 1})),
    ]
    row = cells(failed, "kill")
    assert (row["requests"], row["failed"]) == ("15", "3 (502: 2) (503: 1)")


def test_the_worst_second_leaves_out_actions_that_others_blurred() -> None:
    counts = TrafficCounts(requests=10, failed={}, worst_share=0.5)
    assert cells([result(whole=None, counts=counts), result()], "kill")["worst second"] == "0.0%"
    assert cells([result(counts=counts)], "kill")["worst second"] == "50.0%"


def test_every_kind_that_occurred_has_a_row_and_so_have_all() -> None:
    text = table([result("kill"), result("rm")], ["kill", "rm", "pause"])
    assert "| pause" not in text
    assert cells([result("kill"), result("rm")], "all")["count"] == "2"


def test_actions_that_did_nothing_are_counted_apart() -> None:
    nothing = result(is_void=True, off_ring=None, whole=None)
    row = cells([nothing, nothing, result()], "kill")
    assert (row["count"], row["void"], row["whole again"]) == ("1", "2", "1.00 s, 1.00 s")
    assert cells([nothing], "kill")["void"] == "1", "a kind that did nothing at all has no row"
    assert "VOID" in str(nothing)
    assert "VOID" not in str(result())


def test_what_is_wrong_is_said() -> None:
    assert "FAILURE: orphans: ['x']" in str(result(wrong=["orphans: ['x']"]))
    assert "FAILURE" not in str(result(counts=TrafficCounts(requests=9, failed={}, posts=3, repeated=4)))
