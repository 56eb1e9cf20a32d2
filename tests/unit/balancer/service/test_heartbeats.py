"""Heartbeats of all servers at once, counted for each."""

from __future__ import annotations

import threading

import pytest

from balancer.core.fleet import Server
from balancer.core.heartbeat import HeartbeatPolicy
from balancer.core.lifecycle import State
from balancer.service.heartbeats import Heartbeats
from tests.fakes.probe import FakeProbe
from tests.fakes.runtime import FakeRuntime

POLICY = HeartbeatPolicy(interval=0.5, timeout=0.5, strikes=2)


class Fixture:
    def __init__(self) -> None:
        self.runtime = FakeRuntime()
        self.runtime.start("S1", 1)
        self.runtime.start("S2", 2)
        self.heartbeats = Heartbeats(probe=FakeProbe(self.runtime), policy=POLICY, size=4)

    @property
    def servers(self) -> list[Server]:
        seen = self.runtime.observe().values()
        return [Server(item.name, item.ring_id, State.SERVING, item.address) for item in seen]


@pytest.fixture
def fixture() -> Fixture:
    return Fixture()


def test_nobody_is_suspected_while_all_answer(fixture: Fixture) -> None:
    assert not fixture.heartbeats.beat(fixture.servers)
    assert fixture.heartbeats.suspects == frozenset()


def test_a_server_is_suspected_after_its_strikes_and_that_is_news_once(fixture: Fixture) -> None:
    fixture.runtime.hang("S2")
    assert [fixture.heartbeats.beat(fixture.servers) for _ in range(4)] == [False, True, False, False]
    assert fixture.heartbeats.suspects == {2}


def test_an_answer_clears_the_suspicion(fixture: Fixture) -> None:
    fixture.runtime.hang("S2")
    for _ in range(2):
        fixture.heartbeats.beat(fixture.servers)
    fixture.runtime.wake("S2")
    fixture.heartbeats.beat(fixture.servers)
    assert fixture.heartbeats.suspects == frozenset()


def test_a_server_that_is_not_watched_any_more_is_forgotten(fixture: Fixture) -> None:
    fixture.runtime.hang("S2")
    for _ in range(2):
        fixture.heartbeats.beat(fixture.servers)
    fixture.heartbeats.beat([server for server in fixture.servers if server.name == "S1"])
    assert fixture.heartbeats.suspects == frozenset()
    fixture.heartbeats.beat(fixture.servers)
    assert fixture.heartbeats.suspects == frozenset()


def test_strikes_belong_to_a_ring_id_and_not_to_a_name() -> None:
    fixture = Fixture()
    fixture.runtime.hang("S2")
    fixture.heartbeats.beat(fixture.servers)
    successor = Server("S2", 7, State.SERVING, "10.9.9.9:5000")
    fixture.heartbeats.beat([successor])
    assert fixture.heartbeats.suspects == frozenset()


def test_a_slow_server_does_not_hold_up_the_others() -> None:
    """Both heartbeats are on their way at the same time, or the barrier breaks."""
    together = threading.Barrier(2)

    class Meeting:
        def alive(self, address: str) -> bool:
            together.wait(5)
            return True

    heartbeats = Heartbeats(probe=Meeting(), policy=POLICY, size=2)
    assert not heartbeats.beat(Fixture().servers)
