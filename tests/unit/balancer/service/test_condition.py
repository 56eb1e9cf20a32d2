"""What ails the balancer: part and reason, logged when it changes."""

from __future__ import annotations

import logging

import pytest

from balancer.core.errors import EngineUnavailable, PlaneUnavailable
from balancer.service.condition import Condition, Part


def fail(error: Exception) -> None:
    raise error


def test_at_first_all_is_well() -> None:
    assert Condition().ailments == {}


def test_an_ailment_has_its_latest_reason() -> None:
    condition = Condition()
    condition.ill(Part.ENGINE, "away")
    condition.ill(Part.ENGINE, "still away")
    assert condition.ailments == {"engine": "still away"}
    assert condition.is_ill(Part.ENGINE)
    assert not condition.is_ill(Part.PLANE)


def test_parts_heal_by_themselves() -> None:
    condition = Condition()
    condition.ill(Part.ENGINE, "away")
    condition.ill(Part.PLANE, "away")
    condition.well(Part.ENGINE)
    assert condition.ailments == {"data plane": "away"}


def test_a_watched_block_makes_its_part_ill_or_well() -> None:
    condition = Condition()
    with condition.watch(Part.PLANE, PlaneUnavailable):
        fail(PlaneUnavailable("no answer"))
    assert condition.ailments == {"data plane": "no answer"}
    with condition.watch(Part.PLANE, PlaneUnavailable):
        pass
    assert condition.ailments == {}


def test_an_error_of_another_kind_goes_through_a_watched_block() -> None:
    condition = Condition()
    with pytest.raises(EngineUnavailable), condition.watch(Part.PLANE, PlaneUnavailable):
        fail(EngineUnavailable("gone"))
    assert condition.ailments == {}


def test_a_change_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    condition = Condition()
    with caplog.at_level(logging.INFO):
        for _ in range(5):
            condition.ill(Part.ENGINE, "away")
        for _ in range(5):
            condition.well(Part.ENGINE)
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("ERROR", "engine ill"),
        ("INFO", "engine well again"),
    ]
