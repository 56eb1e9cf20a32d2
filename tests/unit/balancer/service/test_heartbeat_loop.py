"""When heartbeats are sent: to few servers at once, to many in parts, and to very many less often."""

from __future__ import annotations

import threading
from collections import Counter
from types import SimpleNamespace
from typing import Any, cast

import pytest

from balancer.core.fleet import Fleet
from balancer.core.heartbeat import Heartbeat
from balancer.core.ring_profile import RingProfile
from balancer.service.heartbeat_loop import HeartbeatLoop, grown
from balancer.service.heartbeats import Heartbeats
from tests.fakes.clock import FakeClock

INTERVAL = 0.2
STRIKES = 2
TIMEOUT = 0.4


class Servers:
    """They answer at once, but for the hung ones; those time out. Each wait lasts as long as it may."""

    def __init__(self, clock: FakeClock) -> None:
        self.hung: set[str] = set()
        self.sent: list[tuple[float, str]] = []
        self._clock = clock
        self._under_way: dict[int, tuple[float, str]] = {}

    def send(self, number: int, address: str, heartbeat: Heartbeat) -> None:
        self.sent.append((self._clock.now(), address))
        self._under_way[number] = (self._clock.now(), address)

    def ended(self, *, within: float) -> list[tuple[int, bool]]:
        self._clock.sleep(within)
        now = self._clock.now()
        ended = [
            (number, address not in self.hung)
            for number, (sent, address) in self._under_way.items()
            if address not in self.hung or now - sent >= TIMEOUT
        ]
        for number, _ in ended:
            del self._under_way[number]
        return ended


class Fixture:
    def __init__(self, servers: int) -> None:
        self.clock = FakeClock()
        self.servers = Servers(self.clock)
        self.heartbeats = Heartbeats(probes=self.servers, clock=self.clock, strikes=STRIKES)
        names = [f"S{number}" for number in range(1, servers + 1)]
        joining = Fleet.empty(RingProfile()).begin_join(names)
        self.desired = SimpleNamespace(fleet=joining.fill({name: f"{name}:80" for name in names}))
        self.wake = threading.Event()
        self.loop = HeartbeatLoop(
            heartbeats=self.heartbeats,
            desired=cast(Any, self.desired),
            clock=self.clock,
            interval=INTERVAL,
            wake=self.wake,
        )

    def round(self) -> None:
        self.clock.sleep(self.loop.round())

    def run(self, seconds: float) -> None:
        end = self.clock.now() + seconds
        while self.clock.now() < end:
            self.round()


@pytest.mark.parametrize(("servers", "interval"), [(3, 0.2), (500, 0.2), (700, 0.28), (1000, 0.36), (10_000, 0.36)])
def test_the_interval_grows_where_there_are_very_many_servers(servers: int, interval: float) -> None:
    assert grown(INTERVAL, servers, strikes=STRIKES) == pytest.approx(interval)


@pytest.mark.parametrize("strikes", [1, 2, 3, 5])
def test_however_many_servers_the_last_heartbeat_of_a_hang_is_sent_as_soon(strikes: int) -> None:
    doubts = 0.04 * (strikes - 1)
    assert grown(INTERVAL, 100_000, strikes=strikes) + doubts <= strikes * INTERVAL + 1e-9


@pytest.mark.parametrize(("servers", "a_second"), [(10, 5.0), (100, 5.0), (1000, 1 / 0.36)])
def test_every_server_gets_its_heartbeats(servers: int, a_second: float) -> None:
    fixture = Fixture(servers)
    fixture.run(6)
    counts = Counter(address for _, address in fixture.servers.sent)
    assert len(counts) == servers
    assert 6 * a_second - 2 <= min(counts.values()) <= max(counts.values()) <= 6 * a_second + 2


@pytest.mark.parametrize("servers", [64, 100, 1000])
def test_many_are_asked_in_parts(servers: int) -> None:
    fixture = Fixture(servers)
    fixture.run(2)
    assert max(Counter(at for at, _ in fixture.servers.sent).values()) <= 64


@pytest.mark.parametrize("servers", [10, 100, 1000])
@pytest.mark.parametrize("moment", [0.0, 0.13])
def test_a_hang_is_found_as_soon_however_many_servers_there_are(servers: int, moment: float) -> None:
    """Two intervals of 0.2 s, the timeout of 0.4 s, and what a part and the look at answers wait for their turns."""
    fixture = Fixture(servers)
    fixture.run(1 + moment)
    assert not fixture.wake.is_set()
    began = fixture.clock.now()
    fixture.servers.hung = {"S7:80"}
    while not fixture.heartbeats.silent:
        fixture.round()
    assert fixture.clock.now() - began <= 0.8 + 2 * 0.36 / 16 + 1e-9
    assert fixture.wake.is_set()


def test_a_server_that_leaves_is_asked_no_more_not_even_after_a_doubt() -> None:
    fixture = Fixture(1000)
    fixture.servers.hung = {"S7:80"}
    while "S7:80" not in [address for _, address in fixture.servers.sent]:
        fixture.round()
    fixture.desired.fleet = fixture.desired.fleet.fail(["S7"])
    asked = len(fixture.servers.sent)
    fixture.run(1)
    assert "S7:80" not in [address for _, address in fixture.servers.sent[asked:]]
