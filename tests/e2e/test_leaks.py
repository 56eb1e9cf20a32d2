"""What careless clients and dying servers leave behind in balancer and edge: nothing. `make soak` is the long form."""

from __future__ import annotations

import pytest

from loadtests.soak import Footprint, footprints, wear
from tests.e2e.conftest import Measured
from tests.polling import until
from tests.system import System

pytestmark = [pytest.mark.docker, pytest.mark.terraform]

ROUNDS = 3
BOUNDS = Footprint(descriptors=24, threads=16, memory=12 * 1024)
"""How much more may be held after ROUNDS rounds than after the first, for pools still fill: less than one for each
answer or stream that was left in one round."""


def test_after_the_first_round_nothing_grows(system: System, measured: Measured) -> None:
    def round_of_wear() -> None:
        wear(system, unknown=800, aborted=60, streams=24)

    round_of_wear()
    before = footprints(system)
    for _ in range(ROUNDS):
        round_of_wear()

    def growth() -> dict[str, Footprint]:
        return {role: now.minus(before[role]) for role, now in footprints(system).items()}

    grown = growth()

    def is_settled() -> bool:
        """Connections that wait for another request are closed after a while."""
        grown.update(growth())
        return all(more.is_within(BOUNDS) for more in grown.values())

    until(is_settled, f"nothing holds more than {BOUNDS} beyond {before}, as {grown} does", within=20, pause=1)
    measured("; ".join(f"{role}: {before[role]}, then {more} more" for role, more in grown.items()))
