"""Who was on the ring from when to when."""

from __future__ import annotations

from dataclasses import replace

from loadtests.experiments.timeline import Sample
from tests.unit.loadtests.experiments.some_results import timeline


def test_who_stays_is_there_from_first_to_last() -> None:
    line = timeline(Sample(0.0, 2, ("S1", "S2")), Sample(5.0, 2, ("S1", "S2")))
    assert line.memberships == [("S1", 0.0, 5.0), ("S2", 0.0, 5.0)]


def test_who_leaves_was_there_until_then_and_its_successor_from_then() -> None:
    line = timeline(Sample(0.0, 1, ("S1",)), Sample(2.0, 0, ()), Sample(3.0, 1, ("new",)), Sample(9.0, 1, ("new",)))
    assert line.memberships == [("S1", 0.0, 2.0), ("new", 3.0, 9.0)]


def test_who_comes_back_has_two_spells() -> None:
    line = timeline(Sample(0.0, 1, ("S1",)), Sample(2.0, 0, ()), Sample(3.0, 1, ("S1",)), Sample(4.0, 1, ("S1",)))
    assert line.memberships == [("S1", 0.0, 2.0), ("S1", 3.0, 4.0)]


def test_while_nobody_tells_nothing_is_known_to_have_changed() -> None:
    line = timeline(Sample(0.0, 1, ("S1",)), Sample(2.0, -1, ()), Sample(3.0, 1, ("S1",)), Sample(4.0, 1, ("S1",)))
    assert line.memberships == [("S1", 0.0, 4.0)]


def test_what_failed_is_told_in_a_sentence() -> None:
    line = timeline()
    assert line.what_failed == "not answered as expected: GET /x"
    assert replace(line, endpoints=line.endpoints[:1]).what_failed == ""
    assert replace(line, endpoints=(), failures=2, broken_off="docker kill: too late").what_failed == (
        "docker kill: too late; 2 of 1710 requests failed"
    )
