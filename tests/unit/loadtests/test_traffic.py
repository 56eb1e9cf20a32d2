"""Requests, counted: what counts as failed, as not to be masked, as repeated, and the worst second."""

from __future__ import annotations

import pytest

from loadtests.traffic import count, worst_share
from tests.unit.loadtests.some_requests import BROKE_OFF, REFUSED, request


def test_requests_without_a_fault_are_only_counted() -> None:
    counted = count([request(), request(post="1")])
    assert (counted.requests, counted.failed, counted.posts, counted.repeated) == (2, {}, 0, 0)
    assert (counted.cut, counted.edge_away, counted.worst_share) == (0, 0, 0.0)


def test_failed_idempotent_requests_are_told_by_cause() -> None:
    counted = count([request(**REFUSED), request(status=502), request(status=502), request()])
    assert counted.failed == {"ConnectionRefusedError": 1, "502": 2}


def test_an_answer_that_broke_off_is_counted_apart() -> None:
    counted = count([request(**BROKE_OFF)])
    assert (counted.failed, counted.cut) == ({}, 1)


def test_a_post_that_failed_is_no_failure_of_an_idempotent_request() -> None:
    counted = count([request(post="1", status=502), request(post="2", **REFUSED)])
    assert (counted.failed, counted.posts) == ({}, 2)


def test_what_fails_while_the_edge_is_away_is_counted_apart_and_only_that() -> None:
    before, during, after = (request(began, **REFUSED) for began in (0.0, 1.0, 3.0))
    counted = count([before, during, after], away=(0.5, 2.0))
    assert (counted.edge_away, counted.failed) == (1, {"ConnectionRefusedError": 2})


def test_a_request_that_was_open_when_the_edge_died_counts_as_lost_with_it() -> None:
    assert count([request(0.0, 1.0, **REFUSED)], away=(0.5, 2.0)).edge_away == 1


@pytest.mark.parametrize(
    ("differences", "said"),
    [
        ({"status": 503, "error": "whatever"}, "503"),
        (REFUSED, "ConnectionRefusedError"),
        ({"status": 0, "error": "TimeoutError: "}, "TimeoutError"),
    ],
)
def test_a_cause_is_a_status_or_what_kept_the_answer_away(differences: dict[str, object], said: str) -> None:
    assert request(**differences).cause == said


def test_the_worst_second_is_found_where_it_is() -> None:
    calm = [request(number / 10) for number in range(100)]
    storm = [request(5.05 + number / 100, attempt=2) for number in range(5)]
    assert worst_share([*storm, *calm]) == pytest.approx(5 / 15)


def test_a_repeated_request_at_the_very_end_is_set_against_a_whole_second() -> None:
    assert worst_share([*(request(number / 10) for number in range(20)), request(2.0, attempt=2)]) == 1 / 11


def test_of_less_than_a_second_the_share_of_all_counts() -> None:
    assert worst_share([request(0.0), request(0.1, attempt=3)]) == 0.5
    assert worst_share([]) == 0.0


def test_beside_one_that_took_long_those_that_are_not_here_count_too() -> None:
    assert worst_share([request(0.0, attempt=2), *(request(3 + number / 10) for number in range(20))], rate=10) == 0.1


def test_the_longest_wait_leaves_out_what_servers_took_for_each_attempt() -> None:
    slow = request(0.0, 2.5, own=1.0, attempt=2)
    counted = count([request(0.0, 0.2), slow])
    assert (counted.slowest, counted.longest) == (0.5, 2.5)
    assert count([]).slowest == 0.0
