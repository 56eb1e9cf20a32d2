"""The threads: they begin with start(), end with stop(), and survive what goes wrong in a round."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from balancer.adapters.system import SystemClock
from balancer.core.errors import InvalidRequest
from balancer.core.event import EventKind
from balancer.ports.durations import Work
from balancer.service.heartbeat_loop import HeartbeatLoop
from balancer.service.step_loop import StepLoop
from tests.polling import until
from tests.unit.balancer.in_memory import HEARTBEAT_INTERVAL, InMemoryBalancer


def soon(true: Callable[[], object], what: str) -> None:
    until(true, what, within=10, pause=0.001)


class Running:
    """A balancer with its loops, on the machine's own clock where a loop measures its own pace."""

    def __init__(self, autoscaler: Any = None) -> None:
        self.balancer = InMemoryBalancer()
        services = self.balancer.services
        services.autoscaler = autoscaler
        services.heartbeat_loop = HeartbeatLoop(
            heartbeats=services.heartbeats,
            desired=services.desired,
            clock=SystemClock(),
            interval=HEARTBEAT_INTERVAL,
            wake=services.wake,
        )
        self.loops = services.loops()


@pytest.fixture
def running() -> Iterator[Running]:
    running = Running()
    running.loops.start()
    soon(lambda: running.balancer.health.report()["ready"], "the first fleet serves")
    yield running
    running.loops.stop()
    running.balancer.runtime.end_events()


def test_nothing_runs_before_the_start() -> None:
    before = set(threading.enumerate())  # Those of other tests may end meanwhile.
    running = Running()
    assert set(threading.enumerate()) <= before
    assert running.balancer.runtime.names == set()


def test_a_new_deployment_comes_up_by_itself(running: Running) -> None:
    assert running.balancer.replicas == ("S1", "S2", "S3")


def test_an_event_of_the_engine_leads_to_a_replacement(running: Running) -> None:
    running.balancer.clock.sleep(60)
    running.balancer.runtime.die("S2")
    soon(lambda: "S2" not in running.balancer.replicas and len(running.balancer.replicas) == 3, "replaced")


def test_missed_heartbeats_lead_to_a_replacement(running: Running) -> None:
    running.balancer.clock.sleep(60)
    running.balancer.runtime.hang("S2")
    soon(lambda: "S2" not in running.balancer.replicas and len(running.balancer.replicas) == 3, "replaced")
    kinds = [event.kind for event in running.balancer.events.since(0).events if event.server == "S2"]
    assert kinds[-4:] == [EventKind.SILENT, EventKind.FAILED, EventKind.FENCED, EventKind.REPLACED]


def test_a_broken_stream_of_events_is_opened_again(running: Running) -> None:
    running.balancer.runtime.end_events()
    soon(lambda: running.balancer.runtime.listeners, "listening again")


def test_a_defect_in_one_round_is_logged_and_the_loop_goes_on(
    running: Running, caplog: pytest.LogCaptureFixture
) -> None:
    step = running.balancer.services.steps._step
    rounds: list[int] = []

    def fail_once() -> None:
        rounds.append(1)
        if len(rounds) == 1:
            raise ZeroDivisionError("a defect")
        step()

    running.balancer.services.steps._step = fail_once
    running.balancer.wake.set()
    soon(lambda: len(rounds) > 1, "another round")
    assert "a defect" in caplog.text


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (InvalidRequest("the ring holds less"), "a step failed and is tried again: the ring holds less"),
        (KeyError("secret"), "a step failed and is tried again: KeyError; the balancer's log says more"),
    ],
)
def test_a_step_that_fails_is_a_problem_until_one_succeeds(
    balancer: InMemoryBalancer, error: Exception, told: str
) -> None:
    steps, step = balancer.services.steps, balancer.services.steps._step

    def fail() -> None:
        raise error

    steps._step = fail
    with pytest.raises(type(error)):
        steps.round()
    assert balancer.health.report()["ailments"] == {"balancer": told}
    steps._step = step
    balancer.wake.set()
    steps.round()
    assert balancer.health.report()["ready"]


def test_every_step_is_timed_also_one_that_fails(balancer: InMemoryBalancer) -> None:
    """A step takes two seconds here."""
    took: list[tuple[Work, float]] = []

    def step() -> None:
        balancer.clock.sleep(2.0)
        if took:
            raise InvalidRequest("the ring holds less")

    durations = SimpleNamespace(took=lambda *told: took.append(told))
    balancer.wake.set()
    steps = StepLoop(step, problems=balancer.problems, wake=balancer.wake, clock=balancer.clock, durations=durations)
    steps.round()
    with pytest.raises(InvalidRequest):
        steps.round()
    assert took == [(Work.RECONCILE, 2.0)] * 2


def test_stopping_ends_the_steps_and_the_heartbeats() -> None:
    running = Running()
    running.loops.start()
    soon(lambda: running.balancer.health.report()["ready"], "the first fleet serves")
    running.loops.stop()
    names = {thread.name for thread in threading.enumerate()}
    assert not {"steps", "heartbeats"} & names
    running.balancer.runtime.end_events()


def test_the_load_is_sampled_as_long_as_the_loops_run() -> None:
    readings: list[str] = []

    class Autoscaler:
        def round(self) -> float:
            readings.append(threading.current_thread().name)
            return 0.01

    running = Running(autoscaler=Autoscaler())
    running.loops.start()
    soon(lambda: readings, "measured")
    assert readings[0] == "autoscaler"
    running.loops.stop()
    running.balancer.runtime.end_events()
    soon(lambda: "autoscaler" not in {thread.name for thread in threading.enumerate()}, "the loop has ended")


def test_a_restart_finds_the_fleet_again(running: Running) -> None:
    running.loops.stop()
    running.balancer.runtime.end_events()
    again = InMemoryBalancer(running.balancer.world)
    again.step()
    assert again.replicas == ("S1", "S2", "S3")
