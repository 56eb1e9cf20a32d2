"""Heartbeats of many servers, none of which waits for another, counted for each."""

from __future__ import annotations

import pytest

from balancer.core.fleet import Server
from balancer.core.heartbeat import Heartbeat
from balancer.core.lifecycle import State
from balancer.service.heartbeats import Heartbeats
from tests.fakes.clock import FakeClock

ONE = Server("S1", 1, State.SERVING, "10.0.0.1:5000")
TWO = Server("S2", 2, State.SERVING, "10.0.0.2:5000")


def asked(server: Server) -> Heartbeat:
    """Another heartbeat for each server."""
    return Heartbeat(f"/{server.address}")


class OpenProbes:
    """Probes whose every result waits until the test tells it."""

    def __init__(self) -> None:
        self.sent: dict[int, str] = {}
        self._over: list[tuple[int, bool]] = []

    def send(self, number: int, address: str, heartbeat: Heartbeat) -> None:
        assert heartbeat.path == f"/{address}"
        assert number not in self.sent
        self.sent[number] = address

    def ended(self, *, within: float) -> list[tuple[int, bool]]:
        over, self._over = self._over, []
        return over

    def to(self, server: Server) -> list[int]:
        """The heartbeats that this server was sent, in their order."""
        return [number for number, address in self.sent.items() if address == server.address]

    def end(self, *numbers: int, alive: bool) -> None:
        self._over += [(number, alive) for number in numbers]


class Fixture:
    def __init__(self) -> None:
        self.probes = OpenProbes()
        self.clock = FakeClock()
        self.heartbeats = Heartbeats(probes=self.probes, clock=self.clock, strikes=2)

    def send(self, *servers: Server) -> None:
        """Only these are watched, and all of them get a heartbeat."""
        self.heartbeats.watch(servers)
        self.heartbeats.send(servers, asked)

    def listen(self, *numbers: int, alive: bool) -> frozenset[tuple[int, int]]:
        """The results of these heartbeats come in; of whom they tell something new."""
        self.probes.end(*numbers, alive=alive)
        return self.heartbeats.listen(within=0)

    def missed(self, server: Server) -> None:
        """Two heartbeats of it have failed."""
        self.send(server)
        self.send(server)
        self.listen(*self.probes.to(server)[-2:], alive=False)


@pytest.fixture
def fixture() -> Fixture:
    return Fixture()


def test_nobody_is_silent_while_all_answer(fixture: Fixture) -> None:
    for _ in range(5):
        fixture.send(ONE, TWO)
        assert not fixture.listen(*list(fixture.probes.sent)[-2:], alive=True)
    assert fixture.heartbeats.silent == frozenset()
    assert fixture.heartbeats.answering == {ONE.identity, TWO.identity}


def test_a_server_is_silent_after_its_strikes_and_every_further_miss_is_news(fixture: Fixture) -> None:
    news = []
    for _ in range(4):
        fixture.send(ONE, TWO)
        fixture.listen(fixture.probes.to(ONE)[-1], alive=True)
        news.append(fixture.listen(fixture.probes.to(TWO)[-1], alive=False))
    assert news == [frozenset(), {TWO.identity}, {TWO.identity}, {TWO.identity}]
    assert fixture.heartbeats.silent == {TWO.identity}
    assert fixture.heartbeats.missed(TWO.identity) == tuple(fixture.probes.to(TWO))


def test_heartbeats_are_sent_while_others_are_under_way(fixture: Fixture) -> None:
    for _ in range(2):
        fixture.send(ONE, TWO)
    assert (len(fixture.probes.to(ONE)), len(fixture.probes.to(TWO))) == (2, 2)


def test_a_server_that_does_not_answer_owes_no_more_than_its_strikes(fixture: Fixture) -> None:
    for _ in range(5):
        fixture.send(ONE, TWO)
        fixture.listen(fixture.probes.to(ONE)[-1], alive=True)
    assert (len(fixture.probes.to(ONE)), len(fixture.probes.to(TWO))) == (5, 2)
    fixture.listen(fixture.probes.to(TWO)[0], alive=False)
    fixture.send(ONE, TWO)
    assert len(fixture.probes.to(TWO)) == 3


def test_a_server_that_is_silent_for_long_gets_a_fifth_of_the_heartbeats_and_one_at_a_time(fixture: Fixture) -> None:
    """They wait in its backlog, and it has to handle all of them before it can answer a new one."""
    fixture.missed(TWO)
    fixture.missed(TWO)
    assert len(fixture.probes.to(TWO)) == 4
    for _ in range(5):
        fixture.send(ONE, TWO)
        fixture.listen(fixture.probes.to(ONE)[-1], alive=True)
    assert (len(fixture.probes.to(ONE)), len(fixture.probes.to(TWO))) == (5, 5)
    for _ in range(20):
        fixture.send(TWO)
    assert len(fixture.probes.to(TWO)) == 5, "one is under way"
    fixture.listen(fixture.probes.to(TWO)[-1], alive=False)
    fixture.send(TWO)
    assert len(fixture.probes.to(TWO)) == 6
    fixture.listen(fixture.probes.to(TWO)[-1], alive=True)
    fixture.send(TWO)
    fixture.send(TWO)
    assert len(fixture.probes.to(TWO)) == 8


def test_it_is_known_when_a_server_answered_last(fixture: Fixture) -> None:
    fixture.send(ONE)
    began = fixture.clock.now()
    fixture.clock.sleep(5)
    assert fixture.heartbeats.answered_at(ONE.identity) == began
    fixture.listen(*fixture.probes.to(ONE), alive=True)
    fixture.clock.sleep(5)
    fixture.missed(ONE)
    assert fixture.heartbeats.answered_at(ONE.identity) == began + 5


def test_a_late_miss_does_not_count_after_a_newer_answer(fixture: Fixture) -> None:
    fixture.send(ONE)
    fixture.send(ONE)
    first, second = fixture.probes.to(ONE)
    fixture.listen(second, alive=True)
    fixture.listen(first, alive=False)
    fixture.send(ONE)
    assert not fixture.listen(fixture.probes.to(ONE)[-1], alive=False)


def test_an_answer_ends_the_silence_and_is_news(fixture: Fixture) -> None:
    fixture.missed(TWO)
    assert (fixture.heartbeats.silent, fixture.heartbeats.answering) == ({TWO.identity}, frozenset())
    fixture.send(TWO)
    assert fixture.listen(fixture.probes.to(TWO)[-1], alive=True) == {TWO.identity}
    assert (fixture.heartbeats.silent, fixture.heartbeats.answering) == (frozenset(), {TWO.identity})


def test_a_server_that_is_not_watched_any_more_is_forgotten(fixture: Fixture) -> None:
    fixture.missed(TWO)
    fixture.send(TWO)
    fixture.send(ONE)
    assert fixture.heartbeats.silent == frozenset()
    assert not fixture.listen(fixture.probes.to(TWO)[-1], alive=False)
    fixture.send(ONE, TWO)
    assert not fixture.listen(fixture.probes.to(TWO)[-1], alive=False)
    assert fixture.heartbeats.silent == frozenset()


@pytest.mark.parametrize(
    "successor",
    [
        Server("S2", 7, State.SERVING, "10.9.9.9:5000"),
        Server("S2", 2, State.SERVING, "10.9.9.9:5000", generation=2, rolled=True),
    ],
    ids=["replaced", "rolled"],
)
def test_strikes_belong_to_one_container_and_not_to_its_name(fixture: Fixture, successor: Server) -> None:
    fixture.missed(TWO)
    fixture.send(successor)
    assert not fixture.listen(fixture.probes.to(successor)[-1], alive=False)
    assert fixture.heartbeats.silent == frozenset()


def test_a_heartbeat_that_could_not_be_sent_is_nobodys_fault(fixture: Fixture) -> None:
    """The balancer itself has no socket left: the server owes nothing for it."""
    send = fixture.probes.send

    def fail(number: int, address: str, heartbeat: Heartbeat) -> None:
        raise OSError("Too many open files")

    fixture.probes.send = fail  # type: ignore[method-assign]
    for _ in range(3):
        with pytest.raises(OSError, match="Too many open files"):
            fixture.send(ONE)
    fixture.probes.send = send  # type: ignore[method-assign]
    assert not fixture.heartbeats.listen(within=0)
    fixture.send(ONE)
    assert len(fixture.probes.to(ONE)) == 1


def test_a_server_owes_an_answer_until_it_is_there_or_missed(fixture: Fixture) -> None:
    fixture.send(ONE, TWO)
    assert fixture.heartbeats.owing([ONE, TWO]) == [ONE, TWO]
    fixture.listen(*fixture.probes.to(ONE), alive=True)
    fixture.listen(*fixture.probes.to(TWO), alive=False)
    assert fixture.heartbeats.owing([ONE, TWO]) == []


def test_nobody_waits_for_a_server_that_is_silent_for_long(fixture: Fixture) -> None:
    fixture.missed(TWO)
    fixture.missed(TWO)
    for _ in range(5):
        fixture.send(TWO)
    assert len(fixture.probes.to(TWO)) == 5
    assert fixture.heartbeats.owing([TWO]) == []
