"""N follows the load: readings on a clock that the test moves, changes carried out as users' are."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from balancer.core.autoscale import parse
from balancer.core.event import EventKind
from balancer.core.fleet_change import FleetChange
from balancer.core.response_readings import ENOUGH
from balancer.service.autoscaler import Autoscaler
from tests.polling import until
from tests.unit.balancer.in_memory import InMemoryBalancer

POLICY = {"min": 2, "max": 5, "in_flight": 4, "up_after": 1, "down_after": 10}


class Scaled:
    """A balancer whose first three servers serve, and its autoscaler; `may_change` is what the autoscaler is told."""

    def __init__(self, policy: Mapping[str, object] = POLICY, **settings: Any) -> None:
        self.balancer = InMemoryBalancer(**settings).started()
        self.may_change = True
        self.autoscaler = Autoscaler(
            policy=parse(policy),
            plane=self.balancer.plane,
            desired=self.balancer.desired,
            service=self.balancer.fleet,
            events=self.balancer.events,
            clock=self.balancer.clock,
            may_change=lambda: self.may_change,
        )

    @property
    def n(self) -> int:
        return len(self.balancer.replicas)

    def load(self, in_flight: int) -> None:
        """So many requests are in flight from now on. They are nobody's whom a drain would have to wait for."""
        self.balancer.plane.busy("somebody", in_flight)

    def measures(self, seconds: float) -> None:
        """Measures the load every half second until so many seconds have gone by, changes carried out in between."""
        for _ in range(round(seconds / 0.5)):
            self.balancer.clock.sleep(0.5)
            self.autoscaler.measure()
            self.settle()

    def settle(self) -> None:
        until(lambda: not self.autoscaler.is_changing, "the change has ended", within=5, pause=0.0005)

    @property
    def told(self) -> list[dict[str, Any]]:
        """What the events of the kind scale say."""
        events = self.balancer.events.since(0).events
        return [{"reason": event.reason, **event.facts} for event in events if event.kind is EventKind.SCALE]


@pytest.fixture
def scaled() -> Scaled:
    return Scaled()


@pytest.fixture
def held_up(scaled: Scaled) -> Iterator[threading.Event]:
    """Starting a server waits until the event is set."""
    go = threading.Event()
    start = scaled.balancer.runtime.start

    def wait_and_start(*arguments: Any, **_: object) -> None:
        assert go.wait(10)
        start(*arguments)

    scaled.balancer.runtime.start = wait_and_start  # type: ignore[method-assign]
    yield go
    go.set()


def test_n_follows_the_load_up_at_once_and_down_slowly(scaled: Scaled) -> None:
    scaled.load(18)
    scaled.measures(1)
    assert scaled.n == 3
    scaled.measures(0.5)
    assert scaled.n == 5
    scaled.load(9)
    scaled.measures(9)
    assert scaled.n == 5
    scaled.measures(3)
    assert scaled.n == 3
    scaled.balancer.step()
    assert scaled.balancer.is_sound()


def test_every_change_is_an_event_with_its_reason(scaled: Scaled) -> None:
    scaled.load(18)
    scaled.measures(2)
    scaled.load(0)
    scaled.measures(13)
    assert scaled.told == [
        {"reason": "18.0 in flight for 1 s is 6.0 a server, more than 4", "before": 3, "after": 5},
        {"reason": "at most 0.0 in flight for 10 s is 0.0 a server, less than 4", "before": 5, "after": 3},
    ]
    joined = [event for event in scaled.balancer.events.since(0).events if event.reason == "the load"]
    assert [event.kind for event in joined] == [EventKind.JOINED, EventKind.JOINED, EventKind.LEFT, EventKind.LEFT]


def test_a_change_is_told_with_its_seconds(scaled: Scaled) -> None:
    scaled.load(0)
    scaled.measures(11)
    (event,) = (event for event in scaled.balancer.events.since(0).events if event.kind is EventKind.SCALE)
    assert event.seconds is not None
    assert 0 < event.seconds < 1, "a drain of nothing"


def test_who_joined_last_leaves_first(scaled: Scaled) -> None:
    before = scaled.balancer.plane.routes.slots
    scaled.load(18)
    scaled.measures(2)
    scaled.load(9)
    scaled.measures(13)
    assert scaled.balancer.replicas == ("S1", "S2", "S3")
    assert sum(now != was for now, was in zip(scaled.balancer.plane.routes.slots, before, strict=True)) < 512 // 4


def test_response_times_count_where_the_policy_says_so() -> None:
    scaled = Scaled({"min": 2, "max": 5, "latency": 0.2, "up_after": 1})
    scaled.load(1000)
    scaled.balancer.plane.took(0.3)
    scaled.measures(2)
    assert scaled.n == 5
    assert scaled.told[0]["reason"] == "0.3 s a response for 1 s is more than 0.2"
    scaled.balancer.plane.took(0.2, responses=ENOUGH)
    scaled.measures(100)
    assert scaled.n == 5


def test_looking_goes_on_while_a_change_is_carried_out(scaled: Scaled, held_up: threading.Event) -> None:
    scaled.load(14)
    for _ in range(10):
        scaled.balancer.clock.sleep(0.5)
        scaled.autoscaler.measure()
    assert scaled.autoscaler.is_changing
    assert scaled.n == 3
    held_up.set()
    scaled.settle()
    assert scaled.n == 4
    assert len(scaled.told) == 1


def test_a_change_that_had_to_wait_is_not_made_of_another_fleet(scaled: Scaled, held_up: threading.Event) -> None:
    """Else the two together could go beyond the policy's limits."""
    users = threading.Thread(target=scaled.balancer.fleet.add, args=(FleetChange(1),))
    users.start()
    until(lambda: len(scaled.balancer.desired.fleet.servers) == 4, "the user's server is starting", within=5)
    scaled.load(14)
    for _ in range(10):
        scaled.balancer.clock.sleep(0.5)
        scaled.autoscaler.measure()
    assert scaled.autoscaler.is_changing
    held_up.set()
    users.join()
    scaled.settle()
    assert scaled.n == 4
    (told,) = scaled.told
    assert "somebody else changed the fleet of 3" in told["refused"]


@pytest.mark.parametrize("why", ["a deploy", "N changed", "the plane is away"])
def test_what_was_seen_before_does_not_count_any_more(scaled: Scaled, why: str) -> None:
    """Down takes 10 s of measures at one and the same fleet."""
    scaled.load(0)
    scaled.measures(9)
    if why == "a deploy":
        scaled.may_change = False
        scaled.measures(1)
        scaled.may_change = True
    elif why == "N changed":
        scaled.balancer.fleet.add(FleetChange(1))
    else:
        scaled.balancer.plane.away.arm()
        scaled.measures(1)
        scaled.balancer.plane.away.clear()
    n = scaled.n
    scaled.measures(9)
    assert scaled.n == n
    scaled.measures(2)
    assert scaled.n < n


def test_while_it_must_not_act_nothing_happens(scaled: Scaled) -> None:
    scaled.may_change = False
    scaled.load(100)
    scaled.measures(20)
    assert (scaled.n, scaled.told) == (3, [])


def test_after_a_change_by_hand_it_goes_on_from_there(scaled: Scaled) -> None:
    scaled.load(12)
    scaled.measures(20)
    scaled.balancer.fleet.remove(FleetChange(1, ("S1",)))
    scaled.measures(2)
    assert scaled.balancer.replicas[:2] == ("S2", "S3")
    assert scaled.n == 3


@pytest.mark.parametrize(
    ("by_hand", "n"), [(lambda s: s.remove(FleetChange(2)), 2), (lambda s: s.add(FleetChange(4)), 5)]
)
def test_n_outside_of_the_limits_is_brought_inside(scaled: Scaled, by_hand: Callable[[Any], object], n: int) -> None:
    scaled.load(n * 4)
    by_hand(scaled.balancer.fleet)
    scaled.measures(2)
    assert scaled.n == n
    assert "and m" in scaled.told[0]["reason"]


def test_a_refusal_is_told_and_tried_again(scaled: Scaled) -> None:
    before = scaled.balancer.whole_state()
    scaled.balancer.runtime.away.arm()
    scaled.load(14)
    scaled.measures(2)
    assert scaled.balancer.whole_state() == before
    (refused,) = scaled.told
    assert (refused["before"], refused["after"]) == (3, 3)
    assert refused["reason"] == "14.0 in flight for 1 s is 4.7 a server, more than 4"
    assert refused["refused"]
    scaled.balancer.runtime.away.clear()
    scaled.measures(2)
    assert scaled.n == 4


def test_refusals_one_after_another_are_tried_less_often(scaled: Scaled) -> None:
    scaled.balancer.runtime.away.arm()
    scaled.load(100)
    scaled.measures(300)
    assert 5 <= len(scaled.told) <= 20


def test_what_the_fleet_has_no_room_for_is_refused() -> None:
    scaled = Scaled({"min": 2, "max": 9, "in_flight": 4, "up_after": 1}, max_servers=4)
    scaled.load(100)
    scaled.measures(2)
    assert scaled.n == 3
    assert "max_servers is 4" in scaled.told[0]["refused"]


def test_a_defect_is_logged_and_looking_goes_on(scaled: Scaled, caplog: pytest.LogCaptureFixture) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a defect")

    add = scaled.balancer.fleet.add
    scaled.balancer.fleet.add = fail  # type: ignore[method-assign,assignment]
    scaled.load(14)
    scaled.measures(2)
    assert "a defect" in caplog.text
    scaled.balancer.fleet.add = add  # type: ignore[method-assign]
    scaled.measures(2)
    assert scaled.n == 4
