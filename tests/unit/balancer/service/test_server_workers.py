"""The workers: several servers at once, and nothing that happens to one of them is lost."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise

import pytest

from balancer.core.activity import Activity
from balancer.core.errors import EngineUnavailable, StartFailed, Superseded
from balancer.core.event import EventKind
from balancer.core.fleet import Server
from balancer.core.heartbeat import Heartbeat
from balancer.core.lifecycle import State
from balancer.core.lost_nodes import NO_NODE_LOST, LostNodes
from balancer.core.release import Release
from balancer.core.ring_profile import RingProfile
from balancer.core.strategies import Table
from balancer.service.desired import DesiredFleet
from balancer.service.event_log import EventLog
from balancer.service.nodes import Nodes
from balancer.service.server_workers import ServerWorkers
from tests.fakes.clock import FakeClock
from tests.fakes.plane import FakePlane
from tests.fakes.probe import FakeProbe
from tests.fakes.runtime import Everyone, FakeRuntime
from tests.fakes.store import MemoryStore
from tests.polling import until

RELEASE = Release(3, "shop:3")
S1, S2, S3 = (Server(f"S{number}", number, State.JOINING, release=RELEASE.number, generation=3) for number in (1, 2, 3))


class Fixture:
    def __init__(self, *, size: int = 8) -> None:
        self.runtime, self.plane, self.clock = FakeRuntime(), FakePlane(), FakeClock()
        self.nodes = Nodes()
        self.events = EventLog(self.clock, nodes=self.nodes)
        self.probe = FakeProbe(self.runtime)
        self.finished: set[str] = set()
        self.lost = NO_NODE_LOST
        self.store = MemoryStore()
        self.desired = DesiredFleet(store=self.store, plane=self.plane, profile=RingProfile(strategy=Table(slots=8)))
        self.workers = ServerWorkers(
            desired=self.desired,
            runtime=self.runtime,
            plane=self.plane,
            probe=self.probe,
            clock=self.clock,
            events=self.events,
            nodes=self.nodes,
            start_grace=30,
            drain_timeout=20,
            cannot_finish=lambda instance: instance in self.finished,
            lost=lambda: self.lost,
            size=size,
        )


@pytest.fixture
def fixture() -> Fixture:
    return Fixture()


def test_servers_start_together(fixture: Fixture) -> None:
    """None of three could start if they waited for each other."""
    together = threading.Barrier(3)
    start = fixture.runtime.start

    def meet_and_start(server: Server, release: Release, **_: object) -> None:
        together.wait(30)
        start(server, release)

    fixture.runtime.start = meet_and_start  # type: ignore[method-assign]
    addresses = fixture.workers.bring_up([S1, S2, S3], RELEASE)
    assert addresses == {name: server.address for name, server in fixture.runtime.observe().items()}


def test_of_many_starts_the_engine_gets_only_some_at_once() -> None:
    """A pool of sixteen threads starts sixteen servers."""
    fixture = Fixture(size=16)
    start, lock, at_once = fixture.runtime.start, threading.Lock(), [0, 0]
    eight, all_have_come = threading.Semaphore(0), threading.Event()

    def count_and_start(server: Server, release: Release, **_: object) -> None:
        with lock:
            at_once[0] += 1
            at_once[1] = max(at_once)
        eight.release()
        all_have_come.wait(30)
        with lock:
            at_once[0] -= 1
        start(server, release)

    fixture.runtime.start = count_and_start  # type: ignore[method-assign]
    servers = [replace(S1, hostname=f"S{number}", ring_id=number) for number in range(1, 17)]
    with ThreadPoolExecutor(1) as thread:
        addresses = thread.submit(fixture.workers.bring_up, servers, RELEASE)
        for _ in range(8):
            assert eight.acquire(timeout=30)
        all_have_come.set()
        assert len(addresses.result()) == 16
    assert at_once[1] == 8


def test_who_starts_for_long_is_asked_less_often(fixture: Fixture) -> None:
    fixture.runtime.mute = {"S1"}
    asked: list[float] = []
    look = fixture.probe.look

    def noted(address: str, heartbeat: Heartbeat) -> str:
        asked.append(fixture.clock.now())
        return look(address, heartbeat)

    fixture.probe.look = noted  # type: ignore[method-assign]
    with pytest.raises(StartFailed):
        fixture.workers.bring_up([S1], RELEASE)
    pauses = [after - before for before, after in pairwise(asked)]
    assert pauses[0] == pytest.approx(0.02)
    assert max(pauses) == pytest.approx(0.25)
    assert len(asked) < 200


def test_servers_that_drain_are_looked_at_at_the_same_moments(fixture: Fixture) -> None:
    """However their drains began, so that one look at the plane is enough for all."""
    fixture.workers.bring_up([S1], RELEASE)
    fixture.clock.sleep(0.0123)
    looked: list[float] = []
    activity = fixture.plane.activity

    def noted() -> Mapping[str, Activity]:
        looked.append(fixture.clock.now())
        return activity()

    fixture.plane.activity = noted  # type: ignore[method-assign]
    fixture.workers.retire(["S1"])
    first, *others = looked
    assert others
    assert all(at % 0.05 == pytest.approx(0, abs=1e-6) or at % 0.05 == pytest.approx(0.05) for at in others)
    assert others[0] - first >= 0.025


def test_a_server_is_called_by_its_instance_and_made_of_the_release(fixture: Fixture) -> None:
    rolled = replace(S1, rolled=True)
    assert list(fixture.workers.bring_up([S2, rolled], RELEASE)) == ["S2", "S1.3"]
    assert fixture.runtime.names == {"S2", "S1.3"}
    assert [fixture.runtime.release(name) for name in ("S2", "S1.3")] == [RELEASE, RELEASE]


def test_a_server_is_ready_only_when_it_answers_its_heartbeat(fixture: Fixture) -> None:
    fixture.runtime.mute = {"S1"}
    with pytest.raises(
        StartFailed,
        match=r"S1 did not answer http://10\.0\.0\.1:5000/heartbeat with 200 within 30 s; last seen: no answer",
    ):
        fixture.workers.bring_up([S1], RELEASE)
    assert fixture.clock.now() >= 1030


def test_a_server_that_ends_while_it_starts_is_not_waited_for(fixture: Fixture) -> None:
    fixture.runtime.ending_at_once = {"S1"}
    with pytest.raises(StartFailed, match=r"S1 ended before it was ready \(exited\); see the balancer's log$"):
        fixture.workers.bring_up([S1], RELEASE)
    assert fixture.clock.now() < 1001


@pytest.mark.parametrize("fault", ["ending_at_once", "mute"])
def test_what_a_server_printed_is_in_the_log_and_in_no_error(
    fixture: Fixture, fault: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It may have printed a secret."""
    setattr(fixture.runtime, fault, {"S1"})
    with pytest.raises(StartFailed) as failed:
        fixture.workers.bring_up([S1], RELEASE)
    assert "out of luck" not in str(failed.value)
    assert [record.__dict__["last_words"] for record in caplog.records] == ["S1: out of luck"]


def test_a_server_that_ends_between_two_heartbeats_is_told_as_such_however_long_they_take(fixture: Fixture) -> None:
    """The address of a container that has ended answers nothing, not even with a refusal."""
    fixture.runtime.mute = {"S1"}
    look = fixture.probe.look

    def look_long(address: str, heartbeat: Heartbeat) -> str:
        fixture.runtime.die("S1")
        fixture.clock.sleep(20)
        return look(address, heartbeat)

    fixture.probe.look = look_long  # type: ignore[method-assign]
    with pytest.raises(StartFailed, match=r"S1 ended before it was ready \(exited\)"):
        fixture.workers.bring_up([S1], RELEASE)
    assert fixture.clock.now() < 1030


def test_a_server_is_not_waited_for_longer_because_its_heartbeats_may_take_longer_than_a_start(
    fixture: Fixture,
) -> None:
    fixture.runtime.mute = {"S1"}

    def look_long(_: str, heartbeat: Heartbeat) -> str:
        fixture.clock.sleep(heartbeat.timeout)
        return f"no answer within {heartbeat.timeout:g} s"

    fixture.probe.look = look_long  # type: ignore[method-assign]
    began = fixture.clock.now()
    with pytest.raises(StartFailed, match=r"within 30 s; last seen: no answer within 30 s"):
        fixture.workers.bring_up([S1], replace(RELEASE, heartbeat_timeout=600))
    assert fixture.clock.now() - began < 31


def test_a_server_that_ended_at_the_last_moment_is_told_as_such(fixture: Fixture) -> None:
    fixture.runtime.mute = {"S1"}

    def die_and_sleep(seconds: float) -> None:
        fixture.runtime.die("S1")
        FakeClock.sleep(fixture.clock, 60)

    fixture.clock.sleep = die_and_sleep  # type: ignore[method-assign]
    with pytest.raises(StartFailed, match=r"S1 ended before it was ready \(exited\)"):
        fixture.workers.bring_up([S1], RELEASE)


def test_a_server_that_ended_for_want_of_memory_is_told_as_such(fixture: Fixture) -> None:
    fixture.runtime.mute = {"S1"}

    def starve_and_sleep(seconds: float) -> None:
        fixture.runtime.starve("S1")
        fixture.runtime.die("S1")
        FakeClock.sleep(fixture.clock, 1)

    fixture.clock.sleep = starve_and_sleep  # type: ignore[method-assign]
    with pytest.raises(StartFailed, match=r"\(exited, out of memory \(server_memory is 1m\)\)"):
        fixture.workers.bring_up([S1], replace(RELEASE, memory="1m"))


def test_what_a_server_printed_of_its_environment_is_in_no_log(
    fixture: Fixture, caplog: pytest.LogCaptureFixture
) -> None:
    fixture.runtime.mute = {"S1"}
    fixture.runtime.last_output = lambda instance: "cannot use hunter2"  # type: ignore[method-assign]
    with pytest.raises(StartFailed):
        fixture.workers.bring_up([S1], replace(RELEASE, environment={"PASSWORD": "hunter2"}))
    (record,) = (record for record in caplog.records if record.message == "server not ready")
    assert record.last_words == "cannot use …"  # type: ignore[attr-defined]


def test_an_engine_that_cannot_tell_what_a_server_printed_hides_no_reason(fixture: Fixture) -> None:
    def refuse(instance: str) -> str:
        raise EngineUnavailable("away")

    fixture.runtime.mute = {"S1"}
    fixture.runtime.last_output = refuse  # type: ignore[method-assign]
    with pytest.raises(StartFailed, match="last seen: no answer within"):
        fixture.workers.bring_up([S1], RELEASE)


def test_a_server_is_asked_as_its_release_says(fixture: Fixture) -> None:
    other = replace(RELEASE, port=8080, heartbeat_path="/up", heartbeat_host="shop.example", heartbeat_timeout=0.1)
    (address,) = fixture.workers.bring_up([S1], other).values()
    assert address.endswith(":8080")


def test_a_server_that_vanishes_while_it_starts_is_told(fixture: Fixture) -> None:
    fixture.runtime.mute = {"S1"}

    def vanish_and_sleep(seconds: float) -> None:
        fixture.runtime.vanish("S1")
        FakeClock.sleep(fixture.clock, seconds)

    fixture.clock.sleep = vanish_and_sleep  # type: ignore[method-assign]
    with pytest.raises(StartFailed, match=r"S1 ended before it was ready \(removed\); see the balancer's log$"):
        fixture.workers.bring_up([S1], RELEASE)


def test_the_first_error_is_told_when_all_have_ended(fixture: Fixture) -> None:
    fixture.runtime.broken = {"S2"}
    with pytest.raises(StartFailed, match="S2 cannot be started"):
        fixture.workers.bring_up([S1, S2, S3], RELEASE)
    assert fixture.runtime.names == {"S1", "S3"}


def test_what_the_engine_cannot_kill_now_is_no_error(fixture: Fixture) -> None:
    fixture.runtime.start(S1, RELEASE)
    fixture.runtime.away.arm()
    fixture.workers.kill(["S1"])
    fixture.runtime.away.clear()
    assert fixture.runtime.names == {"S1"}


def test_what_the_engine_cannot_stop_now_is_an_error(fixture: Fixture) -> None:
    fixture.runtime.start(S1, RELEASE)
    fixture.runtime.away.arm()
    with pytest.raises(EngineUnavailable):
        fixture.workers.retire(["S1"])


def test_servers_drain_together(fixture: Fixture) -> None:
    """None of three would get further if they waited for each other."""
    for server in (S1, S2, S3):
        fixture.runtime.start(server, RELEASE)
    together = threading.Barrier(3)

    def meet_and_tell() -> dict[str, Activity]:
        together.wait(30)
        return {}

    fixture.plane.activity = meet_and_tell  # type: ignore[method-assign]
    fixture.workers.retire(["S1", "S2", "S3"])
    assert fixture.runtime.names == set()


def test_what_the_drain_timeout_cuts_is_counted_and_told_by_hostname(fixture: Fixture) -> None:
    rolled = replace(S1, rolled=True)
    fixture.runtime.start(rolled, RELEASE)
    fixture.plane.activity = lambda: {rolled.instance: Activity(7)}  # type: ignore[method-assign]
    fixture.workers.retire([rolled.instance])
    [cut] = fixture.events.since(0).events
    assert (cut.kind, cut.server, cut.facts) == (EventKind.CUT, "S1", {"requests": 7})
    assert cut.seconds is not None
    assert 20 <= cut.seconds < 20.1
    assert fixture.runtime.names == set()


def test_claims_are_known_and_let_go(fixture: Fixture) -> None:
    with fixture.workers.claims.hold(["S1", "S2"]):
        assert fixture.workers.claims.instances == {"S1", "S2"}
    assert fixture.workers.claims.instances == frozenset()


def test_work_in_the_background_claims_its_servers_until_it_ends(fixture: Fixture) -> None:
    go = threading.Event()

    def work() -> None:
        go.wait(30)

    fixture.workers.run(["S1"], work)
    assert fixture.workers.claims.instances == {"S1"}
    go.set()
    until(lambda: not fixture.workers.claims.instances, "let go", within=5, pause=0.001)


def test_an_unforeseen_error_in_the_background_is_logged(fixture: Fixture, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> None:
        raise ZeroDivisionError("a defect")

    with caplog.at_level(logging.ERROR):
        fixture.workers.run(["S1"], fail)
        until(lambda: caplog.records, "logged", within=5, pause=0.001)
    assert fixture.workers.claims.instances == frozenset()
    assert "a defect" in caplog.text


def test_a_server_that_comes_to_a_lost_node_is_not_waited_for(fixture: Fixture) -> None:
    fixture.runtime.nodes = ["w2"]
    fixture.runtime.mute = Everyone()
    start = fixture.runtime.start

    def start_and_lose(server: Server, release: Release, **_: object) -> None:
        start(server, release)
        fixture.lost = LostNodes(unheard=frozenset({"w2"}))

    fixture.runtime.start = start_and_lose  # type: ignore[method-assign]
    began = fixture.clock.now()
    with pytest.raises(EngineUnavailable, match="S1 cannot become ready: its node w2 is cut off"):
        fixture.workers.bring_up([S1], RELEASE)
    assert fixture.clock.now() - began < 1


def test_no_server_is_started_on_a_lost_node(fixture: Fixture) -> None:
    """The scheduler takes the node for well for some seconds more."""
    fixture.runtime.nodes = ["w1", "w2"]
    fixture.lost = LostNodes(unheard=frozenset({"w1"}))
    fixture.workers.bring_up([S1, S2, S3], RELEASE)
    assert fixture.runtime.on("w2") == {"S1", "S2", "S3"}


def test_events_of_a_server_tell_the_node_of_its_container(fixture: Fixture) -> None:
    fixture.runtime.nodes = ["w2"]
    fixture.workers.bring_up([S1], RELEASE)
    fixture.finished.add("S1")
    fixture.workers.retire(["S1"])
    (fenced,) = fixture.events.since(0).events
    assert (fenced.kind, fenced.server, fenced.node) == (EventKind.FENCED, "S1", "w2")


def supersede(fixture: Fixture) -> None:
    """Another balancer saves the fleet."""
    fixture.desired.change(lambda fleet: fleet.begin_join(["S1"]))
    other = fixture.store.another()
    other.load()
    other.save(fixture.desired.fleet)


def test_nothing_begins_where_another_balancer_has_taken_over(fixture: Fixture) -> None:
    fixture.workers.bring_up([S1, S2], RELEASE)
    before = fixture.runtime.observe()
    supersede(fixture)
    for act in (
        lambda: fixture.workers.bring_up([S3], RELEASE),
        lambda: fixture.workers.kill([S1.instance]),
        lambda: fixture.workers.fence({S1.instance: ""}),
        lambda: fixture.workers.retire([S1.instance]),
    ):
        with pytest.raises(Superseded):
            act()
    assert fixture.runtime.observe() == before


@pytest.mark.parametrize("is_idle", [True, False])
def test_a_server_that_drains_stays_where_another_balancer_takes_over(fixture: Fixture, *, is_idle: bool) -> None:
    """Whether it would be stopped, or killed because it cannot finish."""
    fixture.workers.bring_up([S1], RELEASE)
    fixture.plane.busy(S1.instance, 1)

    def take_over(_: float) -> None:
        supersede(fixture)
        with pytest.raises(Superseded):
            fixture.desired.confirm()
        if is_idle:
            fixture.plane.busy(S1.instance, 0)
        else:
            fixture.finished.add(S1.instance)

    fixture.clock.sleep = take_over  # type: ignore[method-assign]
    with pytest.raises(Superseded):
        fixture.workers.retire([S1.instance])
    assert S1.instance in fixture.runtime.names


def test_background_work_that_is_given_up_is_told_without_a_trace(
    fixture: Fixture, caplog: pytest.LogCaptureFixture
) -> None:
    supersede(fixture)
    fixture.workers.run([S1.instance], lambda: fixture.workers.kill([S1.instance]))
    until(lambda: not fixture.workers.claims.instances, "it ended", within=5)
    until(lambda: "work given up" in caplog.messages, "it is told", within=5)
    assert "unforeseen" not in caplog.messages
