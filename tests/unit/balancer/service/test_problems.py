"""What does not work: part and reason, an event when that changes."""

from __future__ import annotations

import pytest

from balancer.core.errors import EngineUnavailable, PlaneUnavailable
from balancer.service.event_log import EventLog
from balancer.service.problems import Part, Problems
from tests.fakes.clock import FakeClock


@pytest.fixture
def events() -> EventLog:
    return EventLog(FakeClock())


@pytest.fixture
def problems(events: EventLog) -> Problems:
    return Problems(events)


def fail(error: Exception) -> None:
    raise error


def test_at_first_there_are_none(problems: Problems) -> None:
    assert problems.by_part == {}


def test_a_problem_has_its_latest_reason(problems: Problems) -> None:
    problems.report(Part.ENGINE, "away")
    problems.report(Part.ENGINE, "still away")
    assert problems.by_part == {"engine": "still away"}
    assert problems.has(Part.ENGINE)
    assert not problems.has(Part.PLANE)


def test_a_part_is_cleared_by_itself(problems: Problems) -> None:
    problems.report(Part.ENGINE, "away")
    problems.report(Part.PLANE, "away")
    problems.clear(Part.ENGINE)
    assert problems.by_part == {"data plane": "away"}


def test_a_watched_block_reports_its_part_or_clears_it(problems: Problems) -> None:
    with problems.watch(Part.PLANE, PlaneUnavailable):
        fail(PlaneUnavailable("no answer"))
    assert problems.by_part == {"data plane": "no answer"}
    with problems.watch(Part.PLANE, PlaneUnavailable):
        pass
    assert problems.by_part == {}


def test_an_error_of_another_kind_goes_through_a_watched_block(problems: Problems) -> None:
    with pytest.raises(EngineUnavailable), problems.watch(Part.PLANE, PlaneUnavailable):
        fail(EngineUnavailable("gone"))
    assert problems.by_part == {}


def test_a_change_is_one_event(problems: Problems, events: EventLog) -> None:
    for reason in ("away", "still away", "away"):
        problems.report(Part.ENGINE, reason)
    for _ in range(3):
        problems.clear(Part.ENGINE)
    assert [(event.kind, event.reason, event.facts) for event in events.since(0).events] == [
        ("ailing", "away", {"part": "engine"}),
        ("well", "", {"part": "engine"}),
    ]
