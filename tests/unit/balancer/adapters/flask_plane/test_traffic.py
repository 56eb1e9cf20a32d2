"""What the flask plane counts of its servers and of the keys."""

from __future__ import annotations

from dataclasses import replace

import pytest

from balancer.adapters.flask_plane import traffic as traffic_module
from balancer.adapters.flask_plane.traffic import FlaskTraffic
from balancer.core.key_source import KeySource
from balancer.core.request_hash import REQUEST_HASHES
from balancer.core.routes import Routes
from balancer.core.server_load import ServerCounters
from balancer.core.traffic import FORGOTTEN_AFTER, NOTHING_COUNTED, key_hash
from tests.unit.balancer.adapters.flask_plane.rig import Exchange, Rig, hello

KEYED = Routes(("S1",) * 8, (), REQUEST_HASHES["crc32"], KeySource("path"))


class Bench:
    """A traffic with a clock, a draw and two servers."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.drawn = 0.0
        self.in_flight = {"S1": 0, "S2": 3}
        self.traffic = FlaskTraffic(lambda: self.in_flight, draw=lambda: self.drawn, now=lambda: self.now)
        self.traffic.obey(KEYED)

    def counted(self) -> dict[str, int]:
        return {key.key: key.count for key in self.traffic.keys().keys}


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_a_server_has_its_answers_and_the_mean_of_their_times(bench: Bench) -> None:
    for seconds in (0.1, 0.2, 0.3):
        bench.traffic.answered("S1", seconds, is_error=seconds > 0.2)
    assert bench.traffic.counters() == {
        "S1": ServerCounters(0, 3, 1, pytest.approx(0.2)),
        "S2": ServerCounters(in_flight=3),
    }


def test_the_mean_forgets_what_is_long_ago(bench: Bench) -> None:
    for _ in range(600):
        bench.traffic.answered("S1", 5.0, is_error=False)
    for _ in range(5000):
        bench.traffic.answered("S1", 1.0, is_error=False)
    assert bench.traffic.counters()["S1"].response_time == pytest.approx(1.0, abs=0.01)


def test_a_server_that_left_is_forgotten(bench: Bench) -> None:
    bench.traffic.answered("S1", 0.1, is_error=False)
    bench.in_flight = {"S2": 0}
    assert bench.traffic.counters() == {"S2": ServerCounters()}
    bench.in_flight = {"S1": 0}
    assert bench.traffic.counters() == {"S1": ServerCounters()}


@pytest.mark.parametrize(("drawn", "count"), [(0.0, 1), (0.0624, 1), (0.0625, 0), (0.99, 0)])
def test_one_request_of_sixteen_is_counted(bench: Bench, drawn: float, count: int) -> None:
    bench.drawn = drawn
    bench.traffic.came(b"alice", 5)
    assert bench.traffic.keys().counted == count


def test_for_one_key_too_many_the_one_is_forgotten_that_was_away_longest(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traffic_module, "MOST_KEYS", 3)
    for key in (b"a", b"b", b"c", b"a", b"d"):
        bench.traffic.came(key, 5)
    assert bench.counted() == {key_hash(b"c"): 1, key_hash(b"a"): 2, key_hash(b"d"): 1}


def test_a_key_that_stays_away_is_forgotten(bench: Bench) -> None:
    bench.traffic.came(b"a", 5)
    bench.traffic.came(b"b", 5)
    bench.now += FORGOTTEN_AFTER
    bench.traffic.came(b"a", 5)
    bench.now += 1
    assert bench.counted() == {key_hash(b"a"): 2}


@pytest.mark.parametrize(
    "routes",
    [
        replace(KEYED, request_hash=REQUEST_HASHES["xxh64"]),
        replace(KEYED, slots=("S1",) * 16),
        replace(KEYED, key=KeySource("address")),
    ],
    ids=["request hash", "M", "key"],
)
def test_another_ring_begins_with_no_keys(bench: Bench, routes: Routes) -> None:
    bench.traffic.came(b"a", 5)
    bench.traffic.obey(replace(KEYED, slots=("S2",) * 8))
    assert bench.traffic.keys().counted == 1, "the same ring with other owners"
    bench.traffic.obey(routes)
    assert bench.traffic.keys() == replace(NOTHING_COUNTED, sampled=1 / 16)


def test_where_keys_are_random_nothing_is_counted(bench: Bench) -> None:
    bench.traffic.obey(replace(KEYED, key=KeySource()))
    assert bench.traffic.keys() == NOTHING_COUNTED


@pytest.mark.parametrize(("status", "errors"), [(200, 0), (404, 0), (499, 0), (500, 1), (503, 1), (599, 1)])
def test_an_answer_with_5xx_is_an_error(rig: Rig, status: int, errors: int) -> None:
    rig.serve(lambda exchange: exchange.reply(status, b""))
    assert rig.ask().status_code == status
    counters = rig.plane.traffic.counters()["A"]
    assert (counters.requests, counters.errors) == (1, errors)


def test_who_breaks_off_has_not_answered(rig: Rig) -> None:
    def break_off(exchange: Exchange) -> None:
        exchange.break_off()

    rig.serve(break_off, hello)
    assert rig.ask().status_code == 200
    assert {name: found.requests for name, found in rig.plane.traffic.counters().items()} == {"A": 0, "B": 1}
