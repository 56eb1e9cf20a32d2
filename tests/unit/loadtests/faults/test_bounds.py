"""Each bound is broken once, and kept once by as little."""

from __future__ import annotations

import pytest

from loadtests.chaos.chaos import ACTIONS
from loadtests.faults.bounds import BOUNDS, HANG_TIMEOUT, HELD_UP, Bounds, at_most, exceeded, late, too_slow, unsent
from loadtests.faults.servers import CRASHES, FAULTS, HANGS, HANGS_OF_ITS_OWN
from loadtests.traffic import TrafficCounts, count
from tests.unit.loadtests.some_requests import BROKE_OFF, request, steady

RATE, POSTS = 100.0, 10.0


def told(counts: TrafficCounts, bounds: Bounds = BOUNDS["/add"], *, away: float = 0.0) -> list[str]:
    return exceeded(counts, bounds, rate=RATE, posts=POSTS, away=away)


def counts(**differences: object) -> TrafficCounts:
    return TrafficCounts(**{"requests": 1000, "failed": {}, **differences})  # type: ignore[arg-type]


def test_every_fault_and_call_has_its_bounds() -> None:
    assert BOUNDS.keys() == ACTIONS.keys() | FAULTS.keys() | HANGS_OF_ITS_OWN.keys()


@pytest.mark.parametrize("name", BOUNDS)
def test_calm_traffic_is_within_all_bounds(name: str) -> None:
    assert exceeded(count(steady(), rate=RATE), BOUNDS[name], rate=RATE, posts=POSTS) == []


@pytest.mark.parametrize("name", BOUNDS)
def test_what_the_old_judge_let_pass_is_found_whatever_happened(name: str) -> None:
    """1 000 POSTs answered 502, 1 000 answers cut after their head, answers after 119 s."""
    posts = [request(number / 100, post=str(number + 1), status=502) for number in range(1000)]
    cut = [request(number / 100, **BROKE_OFF) for number in range(1000)]
    slow = [*steady(), request(0.0, 119.0)]
    for requests in (posts, cut, slow):
        assert exceeded(count(requests, rate=RATE), BOUNDS[name], rate=RATE, posts=POSTS) != [], requests[0]


@pytest.mark.parametrize("name", BOUNDS)
def test_no_fault_lets_an_idempotent_request_fail(name: str) -> None:
    failed = count([*steady(), request(status=502), request(status=503)], rate=RATE)
    found = exceeded(failed, BOUNDS[name], rate=RATE, posts=POSTS)
    assert found == ["1 idempotent requests failed: 502", "1 idempotent requests failed: 503"]


@pytest.mark.parametrize(
    ("bounds", "within", "beyond", "said"),
    [
        (Bounds(), {"posts": 0}, {"posts": 1}, "1 POSTs failed, at most 0 may"),
        (Bounds(exposed=2.0), {"posts": 22}, {"posts": 23}, "23 POSTs failed, at most 22 may"),
        (Bounds(), {"cut": 0}, {"cut": 1}, "1 answers were cut off, at most 0 may"),
        (Bounds(killed=4), {"cut": 1}, {"cut": 2}, "2 answers were cut off, at most 1 may"),
        (Bounds(), {"slowest": HELD_UP}, {"slowest": HELD_UP + 0.1}, "3.1 s is the longest wait, at most 3 may"),
        (Bounds(delay=2.0), {"slowest": 5.0}, {"slowest": 5.1}, "5.1 s is the longest wait, at most 5 may"),
        (
            Bounds(),
            {"worst_share": 0.0},
            {"worst_share": 0.1},
            "0.1 of a second's requests were repeated, at most 0 may",
        ),
        (
            Bounds(repeated=0.1),
            {"worst_share": 0.1},
            {"worst_share": 0.11},
            "0.11 of a second's requests were repeated",
        ),
        (Bounds(), {"edge_away": 22}, {"edge_away": 23}, "23 idempotent requests failed while the edge was away"),
    ],
)
def test_a_bound_is_kept_and_broken_by_a_little(
    bounds: Bounds, within: dict[str, float], beyond: dict[str, float], said: str
) -> None:
    assert told(counts(**within), bounds) == []
    (found,) = told(counts(**beyond), bounds)
    assert said in found


def test_while_the_edge_is_away_as_many_may_fail_as_are_sent() -> None:
    lost = counts(edge_away=110, posts=10)
    assert told(lost, BOUNDS["edge kill -9"], away=1.0) == []
    assert len(told(lost, BOUNDS["edge kill -9"], away=0.1)) == 2


def test_an_answer_that_takes_long_to_write_is_more_often_cut() -> None:
    drips = counts(cut=20)
    assert exceeded(drips, BOUNDS["docker kill"], rate=60, posts=0.0, writing=0.5) == []
    assert exceeded(drips, BOUNDS["docker stop"], rate=60, posts=0.0, writing=0.5) != []


def test_bounds_of_several_add_up_but_for_the_times_that_nobody_knows_then() -> None:
    both = BOUNDS["docker kill"] + BOUNDS["SIGSTOP"]
    one, other = BOUNDS["docker kill"], BOUNDS["SIGSTOP"]
    assert (both.delay, both.exposed) == (one.delay + other.delay, one.exposed + other.exposed)
    assert (both.killed, both.repeated) == (2, one.repeated + other.repeated)
    assert (both.off_ring, both.whole) == (None, None)
    assert (both + both).repeated == 1.0


def test_a_server_that_dies_while_the_balancer_is_away_gets_its_share_until_that_is_back() -> None:
    dies, away = BOUNDS["OOM kill"], BOUNDS["balancer kill -9"]
    assert told(counts(worst_share=0.14), dies + away) == []
    assert told(counts(worst_share=0.61), dies + away) != []
    assert told(counts(worst_share=0.14), dies) != []
    assert told(counts(worst_share=0.01), away) != []


@pytest.mark.parametrize("leaves", ["/rm", "POST /deploy", "DELETE /deploy"])
def test_a_server_that_hangs_while_it_drains_may_delay_no_longer_than_any_that_hangs(leaves: str) -> None:
    both = BOUNDS["SIGSTOP"] + BOUNDS[leaves]
    assert both.slowest == BOUNDS["SIGSTOP"].slowest < 5
    assert told(counts(slowest=both.slowest + 0.01), both) != []


def test_a_deadlock_with_open_requests_is_found_within_the_hang_timeout_and_a_second() -> None:
    bounds = BOUNDS["accepts, never answers"]
    assert HANG_TIMEOUT + 1 <= bounds.delay < HANG_TIMEOUT + 2
    assert bounds.off_ring == BOUNDS["SIGSTOP"].off_ring


@pytest.mark.parametrize("name", [*CRASHES, *HANGS])
def test_a_server_that_leaves_the_ring_or_is_replaced_too_late_is_found(name: str) -> None:
    assert late(BOUNDS[name], off_ring=0.2, whole=1.0) == []
    assert late(BOUNDS[name], off_ring=None, whole=None) == []
    assert late(BOUNDS[name], off_ring=5.0, whole=7.0) == [
        f"off the ring after 5.00 s, promised within {BOUNDS[name].off_ring:g}"
    ]
    assert "whole again after 15.00 s" in late(BOUNDS[name], off_ring=0.2, whole=15.0)[0]


@pytest.mark.parametrize(
    ("sent", "left_out", "said"),
    [
        (1000, 0, []),
        (851, 0, []),
        (849, 0, ["only 849 requests were sent in 10.0 s at 100 a second"]),
        (0, 0, ["only 0 requests were sent in 10.0 s at 100 a second"]),
        (1000, 7, ["7 requests were not sent: too many were open"]),
    ],
)
def test_a_load_that_sends_too_little_is_found(sent: int, left_out: int, said: list[str]) -> None:
    assert unsent(sent=sent, left_out=left_out, rate=RATE, seconds=10.0) == said


@pytest.mark.parametrize(
    ("taken", "bare", "said"),
    [
        ([0.1, 0.02, 9.0], [], []),
        ([0.02, 0.11, 9.0], [], ["a spare serves after 0.110 s, promised within 0.1"]),
        ([2.0, 1.0, 9.0], [1.0, 1.0, 1.0], []),
        ([2.1, 1.0, 9.0], [1.0, 1.0, 1.0], ["a replacement takes 2.10 times as long as docker run, at most 2"]),
    ],
)
def test_a_place_that_is_taken_late_in_the_median_is_found(
    taken: list[float], bare: list[float], said: list[str]
) -> None:
    assert too_slow(taken, bare) == said


def test_four_deviations() -> None:
    assert [at_most(mean) for mean in (0.0, 0.05, 1.0, 10.0, 100.0)] == [0, 0, 5, 22, 140]
