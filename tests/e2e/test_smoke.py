"""Ten thousand requests with real concurrency: every one answered, every server its share."""

from __future__ import annotations

import pytest

from loadtests import smoke
from tests.e2e.conftest import Measured
from tests.system import System

pytestmark = [pytest.mark.docker, pytest.mark.terraform]

REQUESTS = {"haproxy": 10_000, "flask": 2_000}
"""The flask plane is slower by half, and one plane's ten thousand are enough."""


def test_requests_follow_the_slot_table(system: System, plane: str, measured: Measured) -> None:
    report = smoke.measure(system, requests=REQUESTS[plane], concurrency=8)
    measured(str(report))
    assert report.passed, str(report)


def test_a_balanced_table_gives_every_server_the_same(system: System) -> None:
    shares = smoke.expected_shares(system.slot_map, smoke.request_hash(system))
    assert max(shares.values()) / (sum(shares.values()) / len(shares)) < 1.01
