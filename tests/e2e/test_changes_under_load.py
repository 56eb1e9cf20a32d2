"""Changes of the fleet under load lose nothing, neither new requests nor those that run."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.conftest import Measured
from tests.e2e.under_load import load
from tests.polling import until
from tests.system import System

pytestmark = [pytest.mark.docker, pytest.mark.terraform]

SLOW = 2


def test_adding_and_removing_lose_no_request(system: System, measured: Measured) -> None:
    before = system.slot_map
    with load(system) as traffic:
        for answer in (system.add(2, ["S31"]), system.rm(2, ["S31"])):
            assert answer.status == 200, answer
    measured(str(traffic))
    assert traffic.failed == 0, str(traffic)
    assert len(system.slot_map) == len(before)


def test_a_new_server_takes_slots_from_all_and_gives_them_back(system: System) -> None:
    before = system.slot_map
    system.add(1, ["S33"])
    during = system.slot_map
    assert {now for was, now in zip(before, during, strict=True) if was != now} == {"S33"}
    assert during.count("S33") == len(before) // 4
    system.rm(1, ["S33"])
    assert all(was == now for was, now in zip(during, system.slot_map, strict=True) if was != "S33")


def test_a_slow_request_on_a_server_that_is_removed_ends_well(system: System) -> None:
    leaving = system.replicas[:2]
    with ThreadPoolExecutor(12) as pool:
        slow = [pool.submit(system.get, f"/slow?seconds={SLOW}") for _ in range(12)]
        until(lambda: any(request.running() for request in slow), "the requests are on their way", within=5)
        time.sleep(SLOW / 4)  # they have reached their servers
        began = time.monotonic()
        removed = system.rm(2, leaving)
        seconds = time.monotonic() - began
    assert removed.status == 200
    answers = [request.result() for request in slow]
    assert {answer.status for answer in answers} == {200}
    assert {answer.headers["X-Served-By"] for answer in answers} & set(leaving)
    assert SLOW / 2 < seconds < SLOW + 20, f"/rm took {seconds:.1f} s"
    assert not set(leaving) & set(system.containers.servers)


def test_changes_at_the_same_time_are_all_carried_out(system: System) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda name: system.add(1, [name]), ["S41", "S42", "S43", "S44"]))
    assert {answer.status for answer in answers} == {200}
    assert sorted(answer.document["message"]["N"] for answer in answers) == [4, 5, 6, 7]
    assert {"S41", "S42", "S43", "S44"} < set(system.replicas)
    assert set(system.slot_map) == set(system.replicas)
