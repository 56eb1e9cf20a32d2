"""The figures that follow from readings of counters."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

import pytest

from balancer.core.growth import Growth
from balancer.core.load_history import KEPT, LoadHistory, Missing, Reading, imbalance
from balancer.core.server_load import ServerCounters, ServerLoad

EXPECTED = {"S1": 0.5, "S2": 0.5}
START = 1_700_000_000.0


def counters(requests: int, errors: int = 0, in_flight: int = 0, response_time: float = 0.0) -> ServerCounters:
    return ServerCounters(in_flight, requests, errors, response_time)


def after(
    *readings: Mapping[str, ServerCounters] | None, ring: Hashable = 1, since: LoadHistory | None = None
) -> LoadHistory:
    """The history after these readings, each 5 s after the one before. None: the plane was away."""
    history = since or LoadHistory()
    for reading in readings:
        time = history.readings[-1].time + 5 if history.readings else START
        if reading is None:
            history = history.missing(time)
        else:
            history = history.read(reading, at=time - START, time=time, ring=ring, living=("S1", "S2"))
    return history


def load(history: LoadHistory, name: str = "S1") -> ServerLoad:
    return next(server for server in history.report(EXPECTED).servers if server.hostname == name)


def totals(history: LoadHistory) -> dict[str, Growth]:
    latest = history.latest
    assert latest is not None
    return {name: reading.total for name, reading in latest.servers.items()}


def test_without_a_reading_there_are_only_expectations() -> None:
    report = LoadHistory().report(EXPECTED)
    assert (report.time, report.since, report.imbalance) == (0, 0, None)
    assert report.servers == tuple(ServerLoad(name, 0, 0, 0, 0, 0, 0, None, 0.5) for name in EXPECTED)


def test_what_was_counted_before_the_first_reading_does_not_count() -> None:
    history = after({"S1": counters(9000, 7), "S2": counters(10)})
    assert totals(history) == {"S1": Growth(), "S2": Growth()}
    assert load(history).requests_per_second == 0
    assert history.latest is not None
    assert history.latest.servers["S1"].requests_per_second is None


def test_rates_are_those_of_the_latest_interval() -> None:
    history = after(
        {"S1": counters(100), "S2": counters(0)},
        {"S1": counters(300), "S2": counters(0)},
        {"S1": counters(350, 10, in_flight=3, response_time=0.2), "S2": counters(0)},
    )
    assert load(history) == ServerLoad(
        "S1", 10.0, 2.0, in_flight=3, response_time=0.2, requests=250, errors=10, share=1.0, expected=0.5
    )


def test_totals_go_on_where_counters_begin_anew() -> None:
    history = after({"S1": counters(100)}, {"S1": counters(150)}, {"S1": counters(20)}, {"S1": counters(30)})
    assert totals(history)["S1"] == Growth(80)


def test_totals_go_on_at_a_servers_next_instance() -> None:
    history = after(
        {"S1": counters(100)},
        {"S1": counters(150, in_flight=2), "S1.2": counters(5, in_flight=1)},
        {"S1.2": counters(25)},
    )
    assert totals(history)["S1"] == Growth(75)
    rolling = after({"S1": counters(0)}, {"S1": counters(30, 0, 2, 0.1), "S1.2": counters(10, 0, 1, 0.5)})
    assert (load(rolling).in_flight, load(rolling).response_time) == (3, pytest.approx(0.2))


def test_where_nobody_answered_the_longest_response_time_stands() -> None:
    history = after({"S1": counters(1, response_time=0.1), "S1.2": counters(1, response_time=0.3)})
    assert load(history).response_time == 0.3


def test_a_server_that_the_plane_does_not_know_keeps_its_totals() -> None:
    history = after({"S1": counters(0)}, {"S1": counters(40)}, {}, {"S1": counters(2)})
    assert [totals(after({"S1": counters(0)}, {"S1": counters(40)}, {})), totals(history)] == [
        {"S1": Growth(40)},
        {"S1": Growth(42)},
    ]


def test_one_that_left_the_fleet_is_forgotten() -> None:
    history = after({"S9": counters(0)}, {"S9": counters(40)}, {}, {"S9": counters(2)})
    assert totals(history)["S9"] == Growth(2)


def test_a_newcomers_counters_began_at_0() -> None:
    history = after({}, {"S1": counters(50)})
    assert load(history).requests == 50
    assert load(history).requests_per_second == 10


def test_a_reading_that_is_missing_is_no_reading_of_zero() -> None:
    history = after({"S1": counters(0)}, {"S1": counters(50)}, None, None)
    assert history.readings[-1] == Missing(START + 15)
    assert load(history).requests_per_second == 10
    assert history.report(EXPECTED).time == START + 5
    later = after({"S1": counters(200)}, since=history)
    assert load(later).requests_per_second == 10, "150 in the 15 s since the reading before"


def test_totals_outlive_a_plane_that_is_away_for_hours() -> None:
    history = after({"S1": counters(0)}, {"S1": counters(50)}, *[None] * 500)
    assert load(history) == ServerLoad("S1", 10.0, 0.0, 0, 0.0, requests=50, errors=0, share=None, expected=0.5)
    later = after({"S1": counters(70)}, since=history)
    assert load(later).requests == 70


def test_shares_are_measured_since_the_ring_changed() -> None:
    before = after({"S1": counters(0), "S2": counters(0)}, {"S1": counters(900), "S2": counters(100)})
    assert [load(before, name).share for name in EXPECTED] == [0.9, 0.1]
    changed = after({"S1": counters(1000), "S2": counters(200)}, since=before, ring=2)
    assert load(changed).share is None
    history = after(None, {"S1": counters(1050), "S2": counters(250)}, since=changed, ring=2)
    report = history.report(EXPECTED)
    assert [server.share for server in report.servers] == [0.5, 0.5]
    assert (report.since, report.time) == (START + 10, START + 20)


def test_shares_are_measured_for_ten_minutes_at_most() -> None:
    history = after(*({"S1": counters(1000 * (number < 10)), "S2": counters(number)} for number in range(2, 200)))
    assert len(history.readings) == KEPT
    assert history.report(EXPECTED).since == history.readings[0].time
    assert load(history, "S2").share == 1


def test_a_server_that_is_new_under_the_same_ring_has_what_it_got() -> None:
    history = after({"S1": counters(0)}, {"S1": counters(30), "S2": counters(10)})
    assert load(history, "S2").share == 0.25


@pytest.mark.parametrize(("requests", "expected"), [(99, None), (100, 2.0)])
def test_an_imbalance_needs_enough_requests(requests: int, expected: float | None) -> None:
    history = after({"S1": counters(0), "S2": counters(0)}, {"S1": counters(requests), "S2": counters(0)})
    assert history.report(EXPECTED).imbalance == expected


def test_the_imbalance_is_the_largest_ratio_of_measured_to_expected() -> None:
    measured = {"S1": 0.5, "S2": 0.3, "S3": 0.2}
    assert imbalance(measured, {"S1": 0.5, "S2": 0.2, "S3": 0.3}) == pytest.approx(1.5)
    assert imbalance(measured, {"S1": 1.0, "S2": 0.0, "S3": 0.0}) == 0.5
    assert imbalance({}, {}) is None


def test_readings_know_their_ring() -> None:
    history = after({"S1": counters(0)}, ring="blue")
    assert isinstance(history.readings[0], Reading)
    assert history.readings[0].ring == "blue"
