"""The loop that reads what each server got, over a whole balancer in memory."""

from __future__ import annotations

import pytest

from balancer.core.fleet_change import FleetChange
from balancer.core.load_history import KEPT, Missing
from balancer.core.server_load import ServerLoad
from balancer.service.load_history import INTERVAL
from tests.unit.balancer.in_memory import InMemoryBalancer


def read(balancer: InMemoryBalancer, times: int = 1) -> None:
    for _ in range(times):
        balancer.clock.sleep(INTERVAL)
        balancer.load_history.read()


def loads(balancer: InMemoryBalancer) -> dict[str, ServerLoad]:
    return {server.hostname: server for server in balancer.load_history.report().servers}


def test_a_round_comes_every_five_seconds(balancer: InMemoryBalancer) -> None:
    assert balancer.load_history.round() == INTERVAL
    assert len(balancer.load_history.history()) == 1


def test_a_report_has_every_server_of_the_ring_beside_its_expectation(balancer: InMemoryBalancer) -> None:
    read(balancer)
    for name, requests in (("S1", 300), ("S2", 300), ("S3", 400)):
        balancer.traffic.answered(name, requests, errors=requests // 100, response_time=0.05)
    balancer.plane.busy("S2", 4)
    read(balancer)
    ring = {item.server.hostname: item.share for item in balancer.ring.ring().servers}
    assert {name: load.expected for name, load in loads(balancer).items()} == ring
    assert loads(balancer)["S2"] == ServerLoad(
        "S2", 60.0, 0.6, in_flight=4, response_time=0.05, requests=300, errors=3, share=0.3, expected=ring["S2"]
    )
    report = balancer.load_history.report()
    assert report.imbalance == pytest.approx(0.4 / ring["S3"])
    assert report.time == balancer.clock.time()


def test_readings_are_kept_for_ten_minutes(balancer: InMemoryBalancer) -> None:
    read(balancer, KEPT + 30)
    times = [reading.time for reading in balancer.load_history.history()]
    assert len(times) == KEPT
    assert times[-1] - times[0] == (KEPT - 1) * INTERVAL
    assert times[-1] == balancer.clock.time()


def test_while_the_plane_is_away_readings_are_missing(balancer: InMemoryBalancer) -> None:
    read(balancer)
    balancer.traffic.answered("S1", 50)
    read(balancer)
    balancer.plane.away.arm()
    read(balancer, 2)
    assert [isinstance(reading, Missing) for reading in balancer.load_history.history()] == [False, False, True, True]
    assert loads(balancer)["S1"].requests_per_second == 10
    balancer.plane.away.clear()
    balancer.traffic.answered("S1", 30)
    read(balancer)
    assert loads(balancer)["S1"].requests_per_second == 2
    assert loads(balancer)["S1"].requests == 80


def test_an_edge_that_restarts_takes_no_totals_away(balancer: InMemoryBalancer) -> None:
    balancer.traffic.answered("S1", 1000)
    read(balancer)
    balancer.traffic.answered("S1", 70)
    read(balancer)
    balancer.plane.restart()
    balancer.step()
    balancer.traffic.answered("S1", 5)
    read(balancer)
    assert loads(balancer)["S1"].requests == 75


@pytest.mark.parametrize("change", ["profile", "weight", "silent", "add"])
def test_shares_are_measured_anew_after_a_change_of_the_ring(balancer: InMemoryBalancer, change: str) -> None:
    read(balancer)
    balancer.traffic.answered("S1", 500)
    read(balancer)
    assert loads(balancer)["S1"].share == 1
    if change == "profile":
        balancer.ring.switch({"strategy": "maglev"})
    elif change == "weight":
        balancer.ring.weigh("S1", 2)
    elif change == "silent":
        balancer.desired.change_and_publish(lambda fleet: fleet.silenced(["S1"]))
    else:
        balancer.fleet.add(FleetChange(1, ("S4",)))
    read(balancer)
    report = balancer.load_history.report()
    assert report.since == report.time == balancer.clock.time()
    assert loads(balancer)["S1"].share is None
    balancer.traffic.answered("S2", 30)
    balancer.traffic.answered("S3", 10)
    read(balancer)
    assert [loads(balancer)[name].share for name in ("S1", "S2", "S3")] == [0, 0.75, 0.25]
    assert loads(balancer)["S1"].requests == 500


def test_a_silent_server_is_expected_to_get_nothing(balancer: InMemoryBalancer) -> None:
    balancer.desired.change_and_publish(lambda fleet: fleet.silenced(["S1"]))
    read(balancer)
    shares = {name: load.expected for name, load in loads(balancer).items()}
    assert shares["S1"] == 0
    assert sum(shares.values()) == pytest.approx(1)


def test_before_anything_serves_the_report_is_empty() -> None:
    report = InMemoryBalancer().load_history.report()
    assert (report.servers, report.time) == ((), 0)
