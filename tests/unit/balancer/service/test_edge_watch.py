"""Edges that are lost, come back, or do not obey, and what the balancer says of it."""

from __future__ import annotations

import pytest

from balancer.core.event import Event, EventKind
from balancer.core.lost_nodes import NO_NODE_LOST
from balancer.service.edge_watch import EdgeWatch
from balancer.service.event_log import EventLog
from balancer.service.problems import Part, Problems
from tests.fakes.clock import FakeClock
from tests.fakes.edges import FakeEdges


class Rig:
    def __init__(self) -> None:
        self.edges, self.clock = FakeEdges(), FakeClock()
        self.events = EventLog(self.clock)
        self.problems = Problems(self.events)
        self.watch = EdgeWatch(
            edges=self.edges, problems=self.problems, events=self.events, clock=self.clock, lease=3.0
        )
        self.edges.add("w1", "w2", "w3")
        self.looks(1)

    def looks(self, seconds: int) -> None:
        for _ in range(seconds):
            self.clock.sleep(self.watch.round())

    def told(self) -> list[Event]:
        kinds = (EventKind.EDGE_LOST, EventKind.EDGE_BACK)
        return [event for event in self.events.since(0).events if event.kind in kinds]

    @property
    def problem(self) -> str:
        return self.problems.by_part.get("edges", "")


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_while_all_is_well_nothing_is_said(rig: Rig) -> None:
    rig.looks(10)
    assert (rig.told(), rig.problem) == ([], "")
    assert rig.watch.lost == NO_NODE_LOST


def test_a_lost_edge_is_told_once_and_a_problem_that_stops_nothing(rig: Rig) -> None:
    rig.edges.lose("w2", silent_for=3.2)
    rig.looks(3)
    (lost,) = rig.told()
    assert (lost.kind, lost.node, lost.reason) == (EventKind.EDGE_LOST, "w2", "nothing was heard of it for 3.2 s")
    assert rig.problem == "the edge on w2 is lost: nothing was heard of it for 3 s"
    assert rig.problems.are_harmless
    assert rig.watch.lost.unheard == {"w2"}


def test_an_edge_that_is_back_is_told_with_its_time(rig: Rig) -> None:
    rig.edges.lose("w2", silent_for=3.0)
    rig.looks(4)
    rig.edges.heal("w2")
    rig.looks(1)
    assert (rig.told()[-1].kind, rig.told()[-1].node, rig.told()[-1].seconds) == (EventKind.EDGE_BACK, "w2", 7.0)
    assert not rig.problems.has(Part.EDGES)


def test_an_edge_that_is_taken_away_for_good_is_forgotten_and_is_not_back(rig: Rig) -> None:
    rig.edges.lose("w2")
    rig.looks(1)
    rig.edges.forget("w2")
    rig.looks(1)
    assert not rig.problems.has(Part.EDGES)
    rig.edges.add("w2")
    rig.looks(1)
    assert [event.kind for event in rig.told()] == [EventKind.EDGE_LOST]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"in_step": False}, "the edge on w3 does not obey the present routes"),
        ({"is_serving": False}, "the edge on w3 does not serve"),
        ({"problem": "haproxy: no such file"}, "the edge on w3 has a problem: haproxy: no such file"),
    ],
)
def test_an_edge_has_a_moment_to_obey(rig: Rig, changes: dict[str, object], said: str) -> None:
    rig.edges.change("w3", **changes)
    rig.looks(4)
    assert rig.problem == ""
    rig.looks(1)
    assert rig.problem == said
    rig.edges.add("w3")
    rig.looks(1)
    assert rig.problem == ""


def test_on_one_host_there_is_none() -> None:
    rig = Rig()
    watch = EdgeWatch(edges=None, problems=rig.problems, events=rig.events, clock=rig.clock, lease=3.0)
    watch.round()
    assert (tuple(watch.edges), watch.lost) == ((), NO_NODE_LOST)
