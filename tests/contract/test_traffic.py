"""What every Traffic promises: HAProxy's, that of the balancer's own forwarder and the one in memory alike."""

from __future__ import annotations

from dataclasses import replace

import pytest

from balancer.core.errors import PlaneUnavailable
from balancer.core.growth import Growth, growth
from balancer.core.hash_seed import HashSeed
from balancer.core.key_source import KeySource
from balancer.core.request_hash import REQUEST_HASHES
from balancer.core.routes import Backend, Routes
from balancer.core.server_load import ServerCounters
from balancer.core.traffic import NOTHING_COUNTED, SAMPLE, key_hash
from tests.contract.plane_bench import (
    REAL,
    REMOTE,
    SLOTS,
    PlaneBench,
    RealPlaneBench,
    RemotePlaneBench,
    all_to,
    dead,
    nearly_all_to,
    with_slots,
)
from tests.polling import until

KEY = KeySource("header", "X-Key")
CRC32, XXH64 = REQUEST_HASHES["crc32"], REQUEST_HASHES["xxh64"]
COUNT = 640
FEWEST, MOST = 8, 72
"""Of so many requests 40 are counted, more or less five standard deviations."""


def grown(bench: PlaneBench, before: dict[str, ServerCounters]) -> dict[str, Growth]:
    """instance → its growth, of those that grew."""
    return {name: more for name, more in growth(before, bench.traffic.counters()).items() if more != Growth()}


def keyed(servers: tuple[Backend, ...]) -> Routes:
    """The servers in turn, by crc32 of X-Key."""
    names = tuple(servers[number % 3].instance for number in range(SLOTS))
    return with_slots(names, servers, request_hash=CRC32, key=KEY)


def test_a_request_counts_at_the_server_that_answered_it(bench: PlaneBench) -> None:
    one, two, three = bench.servers
    bench.plane.apply(all_to(one, two, three))
    before = dict(bench.traffic.counters())
    bench.answers(7)
    bench.plane.apply(all_to(two, one, three))
    bench.answers(4)
    assert grown(bench, before) == {"S1": Growth(7), "S2": Growth(4)}


def test_it_knows_the_servers_of_the_routes(bench: PlaneBench) -> None:
    one, two, _ = bench.servers
    bench.plane.apply(all_to(one, replace(two, draining=True)))
    assert "S1" in bench.traffic.counters()
    assert not bench.traffic.counters().keys() - {"S1", "S2", "S3"}


def test_in_flight_is_what_a_server_is_answering(bench: PlaneBench) -> None:
    one, two, _ = bench.servers
    bench.plane.apply(all_to(one, two))
    with bench.held("S1"), bench.held("S1", nth=2):
        counters = bench.traffic.counters()
        assert [counters[name].in_flight for name in ("S1", "S2")] == [2, 0]
    until(lambda: bench.traffic.counters()["S1"].in_flight == 0, "S1 has answered", within=2)


def test_the_response_time_is_that_of_the_server(bench: PlaneBench) -> None:
    one, two, _ = bench.servers
    bench.plane.apply(all_to(one, replace(two, instance="S9")))
    bench.wait_for(0.1, requests=10)
    counters = bench.traffic.counters()
    assert counters["S1"].response_time >= 0.09
    assert counters["S9"].response_time == 0


@REAL
def test_an_attempt_that_no_server_got_counts_nowhere(bench: RealPlaneBench) -> None:
    one, two, _ = bench.servers
    gone = replace(dead(one), instance="S9")
    bench.plane.apply(nearly_all_to(gone, two))
    before = dict(bench.traffic.counters())
    assert bench.answers(10) == ["S2"] * 10
    assert grown(bench, before) == {"S2": Growth(10)}


def test_the_counters_go_on_under_another_ring_profile(bench: PlaneBench) -> None:
    """At the edge that is a reload: another process counts now."""
    one, two, _ = bench.servers
    bench.plane.apply(all_to(one, two))
    before = dict(bench.traffic.counters())
    bench.answers(5)
    bench.traffic.counters()
    bench.plane.apply(replace(all_to(one, two), request_hash=XXH64))
    bench.answers(3)
    assert grown(bench, before) == {"S1": Growth(8)}


@pytest.mark.parametrize("seed", [None, HashSeed.of("a-secret-of-operators")], ids=["plain", "seeded"])
def test_a_sample_of_the_keys_is_counted_by_slot_and_hash(bench: PlaneBench, seed: HashSeed | None) -> None:
    """With a seed whoever sees the hash cannot find the key by trying some."""
    routes = replace(keyed(bench.servers), seed=seed)
    bench.plane.apply(routes)
    bench.answers(COUNT // 2, {"X-Key": "alice"})
    bench.answers(COUNT // 2, {"X-Key": 'a "b"=ü'})
    counts = bench.traffic.keys()
    keys = [seed.seeded(key) if seed else key for key in (b"alice", 'a "b"=ü'.encode("latin-1"))]
    assert counts.sampled == 1 / SAMPLE
    assert FEWEST <= counts.counted <= MOST
    assert {(key.slot, key.key) for key in counts.keys} == {(CRC32.slot(key, SLOTS), key_hash(key)) for key in keys}


def test_a_request_without_its_key_is_not_counted(bench: PlaneBench) -> None:
    bench.plane.apply(keyed(bench.servers))
    bench.answers(100)
    bench.answers(100, {"X-Key": ""})
    assert bench.traffic.keys() == replace(NOTHING_COUNTED, sampled=1 / SAMPLE)


@REAL
def test_a_repeated_request_counts_once_by_its_own_key(bench: RealPlaneBench) -> None:
    one, two, _ = bench.servers
    gone = replace(dead(one), instance="S9")
    own = CRC32.slot(b"alice", SLOTS)
    slots = tuple("S9" if slot == own else "S2" for slot in range(SLOTS))
    bench.plane.apply(with_slots(slots, (gone, two), request_hash=CRC32, key=KEY))
    assert set(bench.answers(COUNT, {"X-Key": "alice"})) == {"S2"}
    (key,) = bench.traffic.keys().keys
    assert (key.slot, key.key) == (own, key_hash(b"alice"))
    assert FEWEST <= key.count <= MOST


def test_where_keys_are_random_nothing_is_counted(bench: PlaneBench) -> None:
    bench.plane.apply(all_to(*bench.servers))
    bench.answers(100, {"X-Key": "alice"})
    assert bench.traffic.keys() == NOTHING_COUNTED


def test_another_ring_profile_begins_with_no_keys(bench: PlaneBench) -> None:
    """The slots that were counted are those of the old one."""
    routes = keyed(bench.servers)
    bench.plane.apply(routes)
    bench.answers(COUNT, {"X-Key": "alice"})
    assert bench.traffic.keys().counted >= FEWEST
    bench.plane.apply(replace(routes, request_hash=XXH64))
    assert bench.traffic.keys().counted == 0


def test_keys_stay_counted_while_servers_come_and_go(bench: PlaneBench) -> None:
    one, two, three = bench.servers
    bench.plane.apply(keyed((one, two, three)))
    bench.answers(COUNT, {"X-Key": "alice"})
    before = bench.traffic.keys()
    bench.plane.apply(keyed((one, two, one)))
    assert bench.traffic.keys() == before


@REMOTE
def test_it_says_when_the_plane_is_away(bench: RemotePlaneBench) -> None:
    bench.plane.apply(all_to(*bench.servers))
    with bench.away():
        with pytest.raises(PlaneUnavailable):
            bench.traffic.counters()
        with pytest.raises(PlaneUnavailable):
            bench.traffic.keys()
