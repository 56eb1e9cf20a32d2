"""Every strategy's tables are the golden ones, digest for digest."""

from __future__ import annotations

import pytest

from balancer.core.strategies import STRATEGIES
from tests.unit.balancer.core.strategies.golden_tables import COMMAND, FOLDER, golden

REASON = f"""
These slots of running deployments would move with the next release. If that is meant, write down why in docs/decisions,
then write the golden tables again: {COMMAND}"""


@pytest.mark.parametrize("name", STRATEGIES)
def test_tables_are_golden(name: str) -> None:
    assert golden(name) == (FOLDER / f"{name}.txt").read_text(), REASON


def test_there_are_golden_tables_of_every_strategy_and_of_nothing_else() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {f"{name}.txt" for name in STRATEGIES}
