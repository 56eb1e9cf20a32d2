"""Thresholds that are met and missed, what they say, and the exit code that follows."""

from __future__ import annotations

from argparse import Namespace

import pytest

from loadtests.swarm.thresholds import Threshold, exit_code, thresholds
from tests.unit.loadtests.swarm.some_counts import some_counts

NONE = {"max_fail_ratio": None, "max_p99_ms": None, "max_over_mean": None}


def lines(peak: float | None = 1.2, *, counts: dict[str, object] | None = None, **given: float) -> list[str]:
    return [str(judged) for judged in thresholds(Namespace(**NONE | given), some_counts(**counts or {}), peak)]


def test_none_is_judged_that_is_not_given() -> None:
    assert lines() == []


def test_each_says_what_was_measured_and_what_is_allowed() -> None:
    assert lines(1.23456, counts={"failures": 3}, max_fail_ratio=0.02, max_p99_ms=10, max_over_mean=1.25) == [
        "--max-fail-ratio: measured 0.03, allowed 0.02: MISSED",
        "--max-p99-ms: measured 9, allowed 10: met",
        "--max-over-mean: measured 1.235, allowed 1.25: met",
    ]


def test_what_is_allowed_is_allowed() -> None:
    assert lines(counts={"failures": 3}, max_fail_ratio=0.03) == ["--max-fail-ratio: measured 0.03, allowed 0.03: met"]


def test_a_run_that_sent_nothing_meets_nothing() -> None:
    said = lines(None, counts={"requests": 0}, max_fail_ratio=1, max_p99_ms=1000, max_over_mean=9)
    assert len(said) == 3
    assert all("measured nothing" in line and line.endswith("MISSED") for line in said)


def test_answers_that_no_server_signed_have_no_peak() -> None:
    assert lines(None, max_over_mean=9) == ["--max-over-mean: measured nothing, allowed 9: MISSED"]


MET, MISSED = Threshold("--max-p99-ms", 10, 9), Threshold("--max-over-mean", 1.1, 1.2)
FEW_FAILURES = Threshold("--max-fail-ratio", 0.1, 0.05)


@pytest.mark.parametrize(
    ("judged", "broken", "code"),
    [
        ([], False, None),
        ([], True, None),
        ([MET], False, None),
        ([MET, MISSED], False, 1),
        ([FEW_FAILURES, MISSED], False, 1),
        ([FEW_FAILURES, MET], False, 0),
        ([FEW_FAILURES], True, None),
    ],
)
def test_the_exit_code_is_locusts_unless_a_threshold_decides(
    judged: list[Threshold], broken: bool, code: int | None
) -> None:
    assert exit_code(judged, broken=broken) == code
