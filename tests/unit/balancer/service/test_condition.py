"""What ails the balancer: part and reason, an event when it changes."""

from __future__ import annotations

import pytest

from balancer.core.errors import EngineUnavailable, PlaneUnavailable
from balancer.service.condition import Condition, Part
from balancer.service.events import Events
from tests.fakes.clock import FakeClock


@pytest.fixture
def events() -> Events:
    return Events(FakeClock())


@pytest.fixture
def condition(events: Events) -> Condition:
    return Condition(events)


def fail(error: Exception) -> None:
    raise error


def test_at_first_all_is_well(condition: Condition) -> None:
    assert condition.ailments == {}


def test_an_ailment_has_its_latest_reason(condition: Condition) -> None:
    condition.ill(Part.ENGINE, "away")
    condition.ill(Part.ENGINE, "still away")
    assert condition.ailments == {"engine": "still away"}
    assert condition.is_ill(Part.ENGINE)
    assert not condition.is_ill(Part.PLANE)


def test_parts_heal_by_themselves(condition: Condition) -> None:
    condition.ill(Part.ENGINE, "away")
    condition.ill(Part.PLANE, "away")
    condition.well(Part.ENGINE)
    assert condition.ailments == {"data plane": "away"}


def test_a_watched_block_makes_its_part_ill_or_well(condition: Condition) -> None:
    with condition.watch(Part.PLANE, PlaneUnavailable):
        fail(PlaneUnavailable("no answer"))
    assert condition.ailments == {"data plane": "no answer"}
    with condition.watch(Part.PLANE, PlaneUnavailable):
        pass
    assert condition.ailments == {}


def test_an_error_of_another_kind_goes_through_a_watched_block(condition: Condition) -> None:
    with pytest.raises(EngineUnavailable), condition.watch(Part.PLANE, PlaneUnavailable):
        fail(EngineUnavailable("gone"))
    assert condition.ailments == {}


def test_a_change_is_one_event(condition: Condition, events: Events) -> None:
    for reason in ("away", "still away", "away"):
        condition.ill(Part.ENGINE, reason)
    for _ in range(3):
        condition.well(Part.ENGINE)
    assert [(event.kind, event.reason, event.facts) for event in events.since(0).events] == [
        ("ailing", "away", {"part": "engine"}),
        ("well", "", {"part": "engine"}),
    ]
