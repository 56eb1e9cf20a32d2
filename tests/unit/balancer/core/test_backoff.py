"""How long the next replacement has to wait."""

from __future__ import annotations

import pytest

from balancer.core.backoff import CALM_AFTER, FREE_FAILURES, LONGEST_DELAY, Backoff


def failed(times: int, *, at: float = 100.0) -> Backoff:
    backoff = Backoff()
    for _ in range(times):
        backoff = backoff.failed(at)
    return backoff


@pytest.mark.parametrize(
    ("failures", "delay"), [(0, 0), (1, 0), (2, 0), (3, 1), (4, 2), (5, 4), (6, 8), (8, 32), (9, 60), (1000, 60)]
)
def test_the_delay_doubles_after_the_free_failures_up_to_the_longest(failures: int, delay: float) -> None:
    assert failed(failures).delay == delay


def test_without_a_failure_anything_may_start_at_any_time() -> None:
    assert Backoff().may_start(0.0)
    assert Backoff().may_start(1e9)


def test_within_the_delay_nothing_may_start() -> None:
    backoff = failed(4, at=100.0)
    assert not backoff.may_start(101.9)
    assert backoff.may_start(102.0)


def test_a_calm_time_starts_the_counting_again() -> None:
    backoff = failed(5, at=100.0)
    later = 100.0 + CALM_AFTER + backoff.delay
    assert backoff.failed(later).failures == 6
    assert backoff.failed(later + 0.1).failures == 1


def test_a_loop_that_fails_as_soon_as_it_may_never_becomes_calm() -> None:
    backoff, now = Backoff(), 100.0
    for _ in range(20):
        backoff = backoff.failed(now)
        now += backoff.delay
    assert backoff.failures == 20
    assert backoff.delay == LONGEST_DELAY


def test_two_failures_are_free() -> None:
    assert failed(FREE_FAILURES).may_start(100.0)
