"""Each promise broken once: an experiment that is judged well has measured what it should."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from loadtests.experiments import judge
from loadtests.experiments.balance import Part, Run
from loadtests.experiments.endpoints import Call
from loadtests.experiments.timeline import Fault
from tests.unit.loadtests.experiments.some_results import run, timeline

EVEN = run((3300, 3252, 3448), strategy="table")
COURSE = Run(
    {"strategy": "course", "request_hash": "course", "slots": 512},
    (Part("S1", 1, 457, 0.84375, 8437), Part("S2", 2, 13, 0.046875, 469), Part("S3", 3, 42, 0.109375, 1094)),
    10_000,
    0,
    9.6,
    {},
)


def with_counts(run: Run, *counts: int) -> Run:
    parts = tuple(replace(part, requests=count) for part, count in zip(run.parts, counts, strict=True))
    return replace(run, parts=parts)


UNEVEN_HASH = Run(
    {"strategy": "table", "request_hash": "course"},
    (Part("S1", 1, 171, 0.38, 3800), Part("S2", 2, 171, 0.3, 3000), Part("S3", 3, 170, 0.32, 3200)),
    10_000,
    0,
    9.6,
    {},
)


@pytest.mark.parametrize("honest", [EVEN, COURSE, UNEVEN_HASH], ids=["table", "course", "course's hash"])
def test_what_the_ring_promised_is_right_be_it_even_or_not(honest: Run) -> None:
    assert judge.of_run(honest, asked=10_000) == []


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (with_counts(EVEN, 10_000, 0, 0), "shares are not what the ring promised: S1 100.0% of 33.3%, S2 0.0% of"),
        (with_counts(EVEN, 3600, 3200, 3200), "shares are not what the ring promised"),
        (with_counts(COURSE, 3333, 3333, 3334), "shares are not what the ring promised"),
        (with_counts(EVEN, 0, 0, 0), "only 0 answers tell their server"),
        (with_counts(EVEN, 3300, 3252, 3300), "only 9852 answers tell their server"),
        (replace(EVEN, failures=148), "148 of 10000 requests failed"),
        (replace(EVEN, requests=9_999), "9999 requests were sent instead of 10000"),
        (replace(EVEN, requests=10_001), "10001 requests were sent instead of 10000"),
    ],
)
def test_a_run_that_broke_a_promise(broken: Run, said: str) -> None:
    flaws = judge.of_run(broken, asked=10_000)
    assert any(said in flaw for flaw in flaws), flaws
    assert all(flaw.startswith(f"{broken.name}: ") for flaw in flaws)


def test_no_run_is_none_that_went_well() -> None:
    assert judge.of_runs([], asked=10) == ["nothing was measured"]
    broken = replace(EVEN, failures=148)
    assert judge.of_runs([EVEN, broken, EVEN], asked=10_000) == judge.of_run(broken, asked=10_000)


def test_nothing_sent_is_not_as_promised() -> None:
    nothing = replace(with_counts(EVEN, 0, 0, 0), requests=0)
    assert any("p = nan" in flaw for flaw in judge.of_run(nothing, asked=0))


@pytest.mark.parametrize("strategy", ["table", "maglev"])
def test_a_ring_that_is_uneven_and_says_so_does_not_keep_the_strategys_promise(strategy: str) -> None:
    """All slots are one server's, which gets all requests as it was told."""
    all_on_one = Run(
        {"strategy": strategy, "request_hash": "crc32"},
        (Part("S1", 1, 512, 1.0, 10_000), Part("S2", 2, 0, 0.0, 0), Part("S3", 3, 0, 0.0, 0)),
        10_000,
        0,
        9.6,
        {},
    )
    (flaw,) = judge.of_run(all_on_one, asked=10_000)
    assert "max/mean is 3.000, where the strategy promises 1." in flaw
    assert judge.of_run(replace(all_on_one, profile=COURSE.profile), asked=10_000) == []
    weighted = (replace(all_on_one.parts[0], weight=9), *all_on_one.parts[1:])
    assert judge.of_run(replace(all_on_one, parts=weighted), asked=10_000) == []


def test_the_bound_is_what_slots_and_chance_allow() -> None:
    """171 of 512 slots are 1.002 of a third; √(2/10 000) is 1.4 %."""
    parts = (Part("S1", 1, 171, 0.334, 1), Part("S2", 2, 171, 0.334, 1), Part("S3", 3, 170, 0.332, 9_998))
    assert judge.highest_peak(replace(EVEN, parts=parts)) == pytest.approx(1.00195 * 1.0707, rel=1e-4)


def test_a_time_line_on_which_all_happened() -> None:
    assert judge.of_timeline(timeline()) == []


def faults(place: int, **others: Any) -> tuple[Fault, ...]:
    """Those of the time line, one of them otherwise."""
    all_of_them = list(timeline().faults)
    all_of_them[place] = replace(all_of_them[place], **others)
    return tuple(all_of_them)


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ({"faults": (), "last": ("S1", "S2", "S3")}, "did not happen: docker kill, docker stop, docker pause, docker"),
        ({"faults": timeline().faults[:-1]}, "did not happen: balancer kill -9"),
        ({"faults": faults(1, off_ring=None), "last": ("S2", "R2", "R3")}, "docker stop: S2 was not seen off the ring"),
        ({"faults": faults(1, off_ring=0.95)}, "docker stop: S2 was not seen off the ring"),
        ({"faults": faults(3, replacement=""), "last": ("R1", "R2", "")}, "docker rm -f: R0 was replaced by nothing"),
        ({"faults": faults(0, replacement="S1")}, "docker kill: S1 was replaced by S1"),
        ({"faults": faults(2, replacement="R2, R9")}, "docker pause: S3 was replaced by R2, R9"),
        ({"faults": faults(0, off_ring=1.1, whole=2.0)}, "docker kill: off the ring after 1.10 s, promised within 1"),
        ({"faults": faults(2, whole=9.0)}, "docker pause: whole again after 9.00 s, promised within 8.8"),
        ({"faults": faults(4, whole=8.1)}, "balancer kill -9: whole again after 8.10 s, promised within 8"),
        ({"last": ("R1", "R2", "X")}, "in the end R1, R2, X is on the ring"),
        ({"last": ()}, "in the end nothing is on the ring"),
        ({"requests": 1619}, "1619 requests were sent where 1800 were due"),
        ({"failures": 2}, "2 of 1710 requests failed"),
        ({"endpoints": ()}, "no endpoint was called"),
        ({"endpoints": (Call("public", "GET /x", 404, 500, 1.5, ""),)}, "not answered as expected: GET /x"),
        ({"broken_off": "docker kill: too late"}, "docker kill: too late"),
    ],
)
def test_a_time_line_that_broke_a_promise(others: dict[str, Any], said: str) -> None:
    flaws = judge.of_timeline(timeline(**others))
    assert any(said in flaw for flaw in flaws), flaws
