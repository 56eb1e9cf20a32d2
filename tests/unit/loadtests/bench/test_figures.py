"""Ratios are of pairs from the same round, and targets are judged by their median."""

from __future__ import annotations

import pytest

from loadtests.bench.figures import MEASURES, PER_CPU, Spread, Target, judged, names, ratio
from tests.unit.loadtests.bench.some_runs import run


def test_a_ratio_is_of_two_in_the_same_round() -> None:
    """The medians alone, 1000 and 1000, would say 1."""
    runs = [
        *(run("edge", number, requests=count) for number, count in enumerate((500, 1000, 4000), start=1)),
        *(run("haproxy", number, requests=count) for number, count in enumerate((1000, 500, 1000), start=1)),
    ]
    assert ratio(runs, "throughput", "edge") == Spread(2.0, 0.5, 4.0)


def test_rounds_of_only_one_of_them_do_not_count() -> None:
    runs = [run("edge", 1), run("haproxy", 1, seconds=2.0), run("haproxy", 2, seconds=100.0)]
    assert ratio(runs, "throughput", "edge") == Spread(2.0, 2.0, 2.0)
    assert ratio(runs, "throughput", "caddy") is None


@pytest.mark.parametrize(
    ("measure", "expected"), [(PER_CPU, 2000.0), ("throughput", 250.0), ("p50", 1000.0), ("p99", 2000.0)]
)
def test_what_is_measured(measure: str, expected: float) -> None:
    assert MEASURES[measure].of(run("edge", seconds=4.0, cpu_seconds=0.5)) == expected


def test_more_requests_for_a_cpu_second_are_better_and_a_longer_wait_is_worse() -> None:
    runs = [run("edge", cpu_seconds=0.5, p99_us=2200), run("haproxy")]
    cpu, wait = judged(runs)
    assert cpu == {"promise": "edge ÷ haproxy, requests per CPU second ≥ 1.00", "measured": 2.0, "met": True}
    assert wait == {"promise": "edge ÷ haproxy, p99 latency ≤ 1.05", "measured": 1.1, "met": False}


@pytest.mark.parametrize(("p99", "met"), [(2000, True), (2100, True), (2102, False)])
def test_a_limit_itself_is_met(p99: int, met: bool) -> None:
    target = Target("edge", "haproxy", "p99", 1.05)
    found = target.judge([run("edge", p99_us=p99), run("haproxy")])
    assert found
    assert found["met"] is met


def test_a_target_without_both_of_its_contestants_is_not_judged() -> None:
    assert judged([run("edge"), run("nginx")]) == [
        {"promise": "edge ÷ nginx, requests per CPU second ≥ 1.00", "measured": 1.0, "met": True}
    ]


def test_contestants_are_listed_in_the_same_order_whatever_their_turns() -> None:
    assert names([run("direct"), run("haproxy"), run("edge")]) == ["edge", "haproxy", "direct"]


def test_a_spread_is_told_as_median_least_and_most() -> None:
    assert str(Spread.of([1.234, 1.0, 3.5])) == "1.23 (1-3.5)"
