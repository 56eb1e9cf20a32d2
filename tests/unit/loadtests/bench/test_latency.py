"""What is added to the latency at a fixed rate, and the rates."""

from __future__ import annotations

import pytest

from loadtests.bench.figures import Estimate
from loadtests.bench.latency import added, capacity, parse
from loadtests.bench.threads import counts, growth
from loadtests.running import CannotMeasure
from tests.unit.loadtests.bench.some_runs import latency, run, threads

PRINTED = (
    '{"requests": 3000, "p50_us": 130, "p99_us": 410, "p999_us": 2100, "most_us": 2300, "late_us": 40, "faults": {}}\n'
)


def test_the_capacity_is_that_of_the_slowest_that_are_compared() -> None:
    runs = [run("edge", requests=900), run("haproxy"), run("nginx", requests=2000), run("caddy", requests=10)]
    assert capacity(runs) == 900


def test_the_capacity_is_the_median_of_the_rounds() -> None:
    assert capacity([run("edge", number, requests=count) for number, count in enumerate((100, 900, 1000))]) == 900


def test_what_is_added_is_the_difference_in_the_same_round_at_the_same_rate() -> None:
    """The medians alone, 2 ms and 2 ms, would say that nothing is."""
    runs = [
        *(latency("edge", number, p99_us=took) for number, took in enumerate((2000, 5000, 1500))),
        *(latency("direct", number, p99_us=took) for number, took in enumerate((1000, 2000, 3000))),
        latency("direct", 0, share=75, p99_us=9000),
        latency("edge", 9, p99_us=9000),
    ]
    assert added(runs, "edge", 50, "p99") == Estimate(1.0, None)
    assert added(runs, "nginx", 50, "p99") is None
    assert added(runs, "edge", 25, "p99") is None


@pytest.mark.parametrize(("percentile", "expected"), [("p50", 0.9), ("p99", 1.8), ("p99.9", 2.7)])
def test_percentiles_are_told_in_milliseconds(percentile: str, expected: float) -> None:
    runs = [latency("edge"), latency("direct", p50_us=100, p99_us=200, p999_us=300)]
    found = added(runs, "edge", 50, percentile)
    assert found
    assert found.median == pytest.approx(expected)


def test_what_the_load_generator_prints_becomes_a_run() -> None:
    told = latency("edge", **parse(PRINTED))
    assert (told.requests, told.p50_us, told.p999_us, told.late_us, told.faults) == (3000, 130, 2100, 40, {})


@pytest.mark.parametrize("printed", ["", '{"requests": 3}', "Traceback\nConnectionRefusedError: refused"])
def test_where_it_prints_no_figures_its_words_are_shown(printed: str) -> None:
    with pytest.raises(CannotMeasure) as error:
        parse(printed)
    assert (printed.splitlines() or ["nothing"])[-1] in str(error.value)


def test_threads_are_doubled_up_to_the_cores() -> None:
    assert [counts(cores) for cores in (1, 2, 3, 4, 6, 8)] == [
        [1],
        [1, 2],
        [1, 2],
        [1, 2, 4],
        [1, 2, 4],
        [1, 2, 4, 8],
    ]


def test_throughput_grows_beside_one_thread_in_the_same_round() -> None:
    runs = [
        *(threads(1, number, requests=count) for number, count in enumerate((1000, 100, 2000))),
        *(threads(2, number, requests=count) for number, count in enumerate((1500, 200, 3000))),
    ]
    assert growth(runs, 2) == Estimate(1.5, None)
