"""A silent server: what counts as a sign of life, when it counts as hung, and when what is idle is closed again."""

from __future__ import annotations

import pytest

from balancer.core.activity import IDLE, Activity
from balancer.core.silence import Silence

NOW = 100.0
TIMEOUT = 10.0
STRIKES = 2


def silence(*looks: Activity, first: Activity = IDLE, closed_after: int | None = 5, is_fed: bool = False) -> Silence:
    """Of a server that answered last at 0, noticed at 1, and looked at once a second from NOW on."""
    known = Silence(since=1.0, alive_at=0.0, activity=first, closed_after=closed_after)
    for number, activity in enumerate(looks):
        known = known.looked_at(NOW + number, activity, is_fed=is_fed)
    return known


def is_hung(known: Silence, *missed: int, now: float = NOW) -> bool:
    return known.is_hung(missed, now, strikes=STRIKES, hang_timeout=TIMEOUT)


def recent(activity: Activity = IDLE, *, closed_after: int | None = 5) -> Silence:
    return Silence(since=NOW - 1, alive_at=NOW - 1, activity=activity, closed_after=closed_after)


@pytest.mark.parametrize(
    ("missed", "closed_after", "hung"),
    [
        ((), 5, False),
        ((4, 5), 5, False),
        ((5, 6), 5, False),
        ((6, 7), 5, True),
        ((4, 5, 6, 7), 5, True),
        ((6, 7, 8, 9), None, False),
    ],
)
def test_a_server_without_requests_is_hung_when_it_missed_as_many_heartbeats_after_its_idle_connections_were_closed(
    missed: tuple[int, ...], closed_after: int | None, hung: bool
) -> None:
    assert is_hung(recent(closed_after=closed_after), *missed) is hung


@pytest.mark.parametrize(("after", "hung"), [(0.0, False), (TIMEOUT - 1.1, False), (TIMEOUT - 0.9, True)])
def test_a_server_with_a_request_is_hung_when_nothing_moves_for_the_hang_timeout(after: float, hung: bool) -> None:
    assert is_hung(recent(Activity(in_flight=1)), 6, 7, 8, 9, now=NOW + after) is hung


@pytest.mark.parametrize(
    ("now", "is_fed", "is_alive"),
    [
        (Activity(1, given=7, taken=3), False, False),
        (Activity(1, given=8, taken=3), False, True),
        (Activity(1, given=8, taken=3), True, True),
        (Activity(1, given=7, taken=4), False, True),
        (Activity(1, given=7, taken=4), True, False),
        (Activity(2, given=7, taken=3), False, False),
        (Activity(0, given=7, taken=3), False, False),
        (Activity(1, given=2, taken=1), False, False),
    ],
)
def test_bytes_and_responses_of_a_server_are_signs_of_life_and_bytes_to_it_where_no_new_request_brings_them(
    now: Activity, is_fed: bool, is_alive: bool
) -> None:
    known = silence(now, first=Activity(1, given=7, taken=3), is_fed=is_fed)
    assert known.alive_at == (NOW if is_alive else 0.0)


def test_a_late_answer_to_an_old_heartbeat_is_a_sign_of_life() -> None:
    assert silence().answered(50.0).alive_at == 50.0
    assert silence(Activity(0, given=1)).answered(50.0).alive_at == NOW


@pytest.mark.parametrize(
    ("before", "after"),
    [(Activity(2), Activity(1, given=1)), (Activity(1), Activity(1, given=1)), (Activity(1), Activity(0))],
)
def test_where_a_request_has_ended_what_is_idle_is_to_be_closed_again(before: Activity, after: Activity) -> None:
    assert silence(after, first=before).closed_after is None


def test_where_no_request_has_ended_nothing_is_closed_again() -> None:
    assert silence(Activity(1), Activity(1, taken=9), first=Activity(1)).closed_after == 5


def test_after_closing_again_new_heartbeats_have_to_be_missed() -> None:
    known = silence(Activity(0, given=1), first=Activity(1)).closed(9)
    assert not is_hung(known, 6, 7, 8, 9)
    assert is_hung(known, 8, 9, 10, 11)


def test_a_server_whose_client_has_left_may_still_work_for_it() -> None:
    known = silence(Activity(0), first=Activity(1)).closed(9).answered(NOW)
    assert not is_hung(known, 10, 11, 12, 13)
    assert is_hung(known, 10, 11, 12, 13, now=NOW + TIMEOUT)
