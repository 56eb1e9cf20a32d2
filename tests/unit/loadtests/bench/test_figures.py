"""Ratios are of pairs from the same round, and a target is only met or missed where chance does not explain it."""

from __future__ import annotations

import pytest

from loadtests.bench.figures import MEASURES, PER_CPU, Estimate, Target, judged, names, ratio, verdict
from tests.unit.loadtests.bench.some_runs import run


def test_a_ratio_is_of_two_in_the_same_round() -> None:
    """The medians alone, 1000 and 1000, would say 1."""
    runs = [
        *(run("edge", number, requests=count) for number, count in enumerate((500, 1000, 4000), start=1)),
        *(run("haproxy", number, requests=count) for number, count in enumerate((1000, 500, 1000), start=1)),
    ]
    assert ratio(runs, "throughput", "edge") == Estimate(2.0, None)


def test_rounds_of_only_one_of_them_do_not_count() -> None:
    runs = [run("edge", 1), run("haproxy", 1, seconds=2.0), run("haproxy", 2, seconds=100.0)]
    assert ratio(runs, "throughput", "edge") == Estimate(2.0, None)
    assert ratio(runs, "throughput", "caddy") is None


@pytest.mark.parametrize(("measure", "expected"), [(PER_CPU, 2000.0), ("throughput", 250.0)])
def test_what_is_measured(measure: str, expected: float) -> None:
    assert MEASURES[measure].of(run("edge", seconds=4.0, cpu_seconds=0.5)) == expected


@pytest.mark.parametrize(
    ("rounds", "interval"), [(6, (1, 6)), (8, (1, 8)), (9, (2, 8)), (15, (4, 12)), (20, (6, 15)), (60, (22, 39))]
)
def test_the_interval_ends_at_the_ranks_of_the_sign_test(rounds: int, interval: tuple[int, int]) -> None:
    """The ranks that bound a median with 95 % confidence, as printed tables have them."""
    shuffled = sorted(range(1, rounds + 1), key=lambda number: number * 7 % (rounds + 1))
    assert Estimate.of(shuffled).interval == interval


@pytest.mark.parametrize("rounds", range(1, 6))
def test_few_rounds_have_no_interval(rounds: int) -> None:
    assert Estimate.of([2.0] * rounds) == Estimate(2.0, None)


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        ((1.01, 1.2), "met"),
        ((1.0, 1.2), "undecided"),
        ((0.9, 1.2), "undecided"),
        ((0.9, 1.0), "undecided"),
        ((0.9, 0.99), "MISSED"),
        (None, "undecided"),
    ],
)
def test_a_verdict_is_undecided_where_the_interval_contains_the_limit(
    interval: tuple[float, float] | None, expected: str
) -> None:
    median = 5.0 if interval is None else sum(interval) / 2
    assert verdict(Estimate(median, interval), 1.0) == expected


def told(requests: list[int]) -> str | None:
    """The verdict of the edge with so many requests in each round, and HAProxy with 1000."""
    rounds = range(len(requests))
    runs = [run("edge", number, requests=requests[number]) for number in rounds] + [
        run("haproxy", number) for number in rounds
    ]
    return Target("edge", "haproxy", 1.0).judge(runs)


def test_a_target_tells_what_was_measured_and_how_sure_that_is() -> None:
    assert told([1100, 1200, 1300, 1400, 1500, 1600]) == (
        "edge ÷ haproxy, requests per CPU second ≥ 1.00: 1.35 (1.10 to 1.60): met"
    )


@pytest.mark.parametrize(
    ("requests", "expected"),
    [
        ([1100] * 6, "met"),
        ([1100] * 5, "undecided"),
        ([900] * 6, "MISSED"),
        ([900] * 5 + [1100], "undecided"),
        ([900] * 8 + [1100], "MISSED"),
    ],
)
def test_a_target_is_judged_by_all_rounds(requests: list[int], expected: str) -> None:
    found = told(requests)
    assert found
    assert found.endswith(f": {expected}")


def test_a_target_without_both_of_its_contestants_is_not_judged() -> None:
    assert judged([run("edge"), run("nginx")]) == [
        "edge ÷ nginx, requests per CPU second ≥ 1.00: 1.00 (too few rounds): undecided"
    ]


def test_contestants_are_listed_in_the_same_order_whatever_their_turns() -> None:
    assert names([run("direct"), run("haproxy"), run("edge")]) == ["edge", "haproxy", "direct"]


def test_a_ratio_is_told_with_its_interval() -> None:
    assert str(Estimate(1.234, (1.0, 3.5))) == "1.23 (1 to 3.5)"
    assert str(Estimate(1.234, None)) == "1.23 (too few rounds)"
