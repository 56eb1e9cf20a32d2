"""How long the sum of all edges is waited for."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping

import pytest

from balancer.core.activity import Activity
from balancer.service.activity_reader import ActivityReader
from tests.fakes.plane import FakePlane
from tests.polling import until


class SlowPlane(FakePlane):
    """`go`: what its answer waits for. `asked`: how often it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()
        self.asked = 0

    def activity(self) -> Mapping[str, Activity]:
        self.asked += 1
        assert self.go.wait(10)
        return super().activity()


@pytest.fixture
def plane() -> Iterator[SlowPlane]:
    plane = SlowPlane()
    yield plane
    plane.go.set()


def test_an_answer_in_time_is_told(plane: SlowPlane) -> None:
    plane.go.set()
    for within in (None, 5.0):
        assert ActivityReader(plane, within=within).read() == {}


def test_one_that_is_late_is_not_waited_for_and_not_asked_again_meanwhile(plane: SlowPlane) -> None:
    reader = ActivityReader(plane, within=0.01)
    assert reader.read() is None
    assert reader.read() is None
    assert plane.asked == 1
    plane.go.set()
    until(lambda: reader.read() == {}, "it is asked anew", within=5)
    assert plane.asked > 1, "the late answer is nobody's"


@pytest.mark.parametrize("within", [None, 5.0])
def test_a_plane_that_is_away_tells_nothing(within: float | None) -> None:
    plane = FakePlane()
    plane.away.arm()
    assert ActivityReader(plane, within=within).read() is None
