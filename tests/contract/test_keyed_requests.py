"""What every DataPlane does with the keys of requests, and with servers that have as much as they may have."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest

from balancer.core import bounded_load
from balancer.core.key_source import KeySource
from balancer.core.request_hash import REQUEST_HASHES
from balancer.core.routes import Backend, Routes
from tests.contract.plane_bench import REAL, SLOTS, PlaneBench, RealPlaneBench, all_to, with_slots
from tests.http_client import ask
from tests.in_flight import in_flight
from tests.polling import until

KEY = KeySource("header", "X-Key")
CRC32, XXH64, COURSE = (REQUEST_HASHES[name] for name in ("crc32", "xxh64", "course"))
KEYS = ["a", "123456", "x" * 2000, "Zoë".encode().decode("latin-1"), "\xff\x80\xa0", 'a,b "c"; d=e', "S1", "0"]
"""One character per byte."""


def keyed(servers: tuple[Backend, ...], slots: int = SLOTS) -> Routes:
    """The servers in turn, by crc32 of X-Key."""
    names = tuple(servers[number % 3].instance for number in range(slots))
    return with_slots(names, servers, request_hash=CRC32, key=KEY)


def slot_of(routes: Routes, key: str) -> int:
    return routes.request_hash.slot(key.encode("latin-1"), len(routes.slots))


def owner(routes: Routes, key: str) -> str:
    return routes.slots[slot_of(routes, key)]


@pytest.mark.parametrize("name", ["X-Key", "x-key"])
def test_a_key_leads_to_the_server_of_its_slot(bench: PlaneBench, name: str) -> None:
    routes = keyed(bench.servers)
    bench.plane.apply(routes)
    before = bench.plane.keyless()
    answered = [bench.answers(2, {name: key}) for key in KEYS]
    assert answered == [[owner(routes, key)] * 2 for key in KEYS]
    assert len({server for pair in answered for server in pair}) == 3
    assert bench.plane.keyless() == before


@pytest.mark.parametrize("headers", [{}, {"X-Key": ""}, {"X-Other": "a"}])
def test_without_its_key_a_request_goes_anywhere_and_is_counted(bench: PlaneBench, headers: dict[str, str]) -> None:
    bench.plane.apply(keyed(bench.servers))
    before = bench.plane.keyless()
    assert set(bench.answers(60, headers)) == {"S1", "S2", "S3"}
    assert bench.plane.keyless() == before + 60


def test_where_keys_are_random_none_is_missing(bench: PlaneBench) -> None:
    bench.plane.apply(all_to(*bench.servers))
    before = bench.plane.keyless()
    bench.answers(5)
    assert bench.plane.keyless() == before


def test_another_hash_key_source_or_number_of_slots_holds_from_the_next_request_on(bench: PlaneBench) -> None:
    first = keyed(bench.servers)
    other_key = replace(first, request_hash=XXH64, key=KeySource("header", "X-Other"))
    larger = replace(keyed(bench.servers, 64), request_hash=XXH64, key=other_key.key)
    switches = [first, replace(first, request_hash=XXH64), other_key, larger, replace(larger, request_hash=COURSE)]
    seen = []
    for routes in [*switches, first]:
        bench.plane.apply(routes)
        assert bench.plane.in_step(routes)
        by = KEYS if routes.key == KEY else KEYS[::-1]
        asked = [bench.answers(1, {"X-Key": KEYS[i], "X-Other": KEYS[::-1][i]})[0] for i in range(len(KEYS))]
        assert asked == [owner(routes, key) for key in by], routes.request_hash.name
        seen.append(asked)
    assert all(one != other for one, other in pairwise(seen)), "no switch shows"


@REAL
def test_an_answer_tells_its_server_slot_and_attempt(bench: RealPlaneBench) -> None:
    routes = keyed(bench.servers)
    bench.plane.apply(routes)
    expected = [([owner(routes, key)], [str(slot_of(routes, key))], ["1"]) for key in KEYS]
    assert [told(bench, key) for key in KEYS] == expected


def told(bench: RealPlaneBench, key: str) -> tuple[list[str] | None, ...]:
    headers = ask("GET", bench.url, "/home", headers={"X-Key": key}, timeout=10).headers
    return tuple(headers.get_all(name) for name in ("X-Served-By", "X-Ring-Slot", "X-Ring-Attempt"))


@pytest.mark.parametrize("weights", [(1, 1, 1), (4, 1, 1)])
def test_bounded_load_keeps_the_busiest_server_at_its_cap(bench: PlaneBench, weights: tuple[int, int, int]) -> None:
    """Every request has the same key, that of the first server: what it may not have goes elsewhere."""
    servers = tuple(replace(server, weight=w) for server, w in zip(bench.servers, weights, strict=True))
    bound = Fraction(5, 4)
    routes = replace(keyed(servers), bound=bound)
    key = next(key for key in KEYS if owner(routes, key) == "S1")
    names = [server.instance for server in servers]
    bench.plane.apply(routes)
    with ExitStack() as holding:
        for number in range(1, 10):
            holding.enter_context(bench.held(*names, headers={"X-Key": key}, nth=number))
            caps = [bounded_load.cap(bound, weight=w, total_weight=sum(weights), in_flight=number - 1) for w in weights]
            loads = [in_flight(bench.plane, name) for name in names]
            assert all(load <= cap for load, cap in zip(loads, caps, strict=True)), (loads, caps)
            assert loads[0] == caps[0]
    # The edge counts a request until a moment after its last byte.
    until(lambda: bench.answers(1, {"X-Key": key}) == ["S1"], "its requests come home again", within=5)
