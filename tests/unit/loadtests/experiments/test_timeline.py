"""Who was on the ring from when to when."""

from __future__ import annotations

from tests.unit.loadtests.experiments.some_results import timeline


def test_who_leaves_was_there_until_then_and_its_successor_from_then() -> None:
    line = timeline()
    assert line.spells == [
        ("S1", 0.0, 0.1),
        ("S2", 0.0, 3.1),
        ("S3", 0.0, 6.1),
        ("R0", 0.9, 9.1),
        ("R1", 3.9, 15.0),
        ("R2", 6.9, 15.0),
        ("R3", 9.9, 15.0),
    ]


def test_without_faults_all_are_there_from_first_to_last() -> None:
    assert timeline(faults=()).spells == [("S1", 0.0, 15.0), ("S2", 0.0, 15.0), ("S3", 0.0, 15.0)]
