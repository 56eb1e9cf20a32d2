"""A short chaos: one of each fault and call but deploys, under load. `make chaos` is the long one, with deploys."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from loadtests.chaos.calls import DEPLOYS
from loadtests.chaos.chaos import ACTIONS, chaos
from loadtests.chaos.faults import ENGINE_FAULT, SPARE_FAULT
from loadtests.chaos.invariants import changed_by_restart
from loadtests.chaos.report import table
from tests.e2e.conftest import Measured, only_haproxy
from tests.system import System

pytestmark = [pytest.mark.docker, pytest.mark.terraform, only_haproxy]

SEED = 5
STEPS = 16
WITHOUT = (ENGINE_FAULT, SPARE_FAULT, *DEPLOYS)
MORE_SERVERS = 3
"""So that one is always old enough to be hit."""


@pytest.fixture
def ringed(system: System) -> Iterator[System]:
    """Gets its ring profile and its servers' weights back when the chaos, which changes both, is over."""
    profile = system.ring().document["profile"]
    yield system
    system.wait_until_ready(within=60)
    assert system.put_ring(profile).status == 200
    for hostname in system.replicas:
        assert system.weigh(hostname, 1).status == 200


def test_faults_and_calls_at_random_lose_nothing_and_leave_every_invariant(ringed: System, measured: Measured) -> None:
    system = ringed
    system.add(MORE_SERVERS)
    results = list(chaos(system, faults=STEPS, seed=SEED, rate=100, spares=0, without=WITHOUT))
    measured(f"\n{table(results, ACTIONS)}")
    assert [str(result) for result in results if result.wrong] == []
    assert len(results) == STEPS
    assert changed_by_restart(system) == []
