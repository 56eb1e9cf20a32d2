"""N follows a load that doubles and halves, and no request fails on the way."""

from __future__ import annotations

import time
from typing import Any

import pytest

from loadtests.load.load import load
from loadtests.load.sender import LoadPlan
from tests.deployment import Deployment
from tests.e2e.conftest import Measured
from tests.polling import until
from tests.system import System

pytestmark = [pytest.mark.docker, pytest.mark.terraform]

FEW, MANY = 2, 4
EACH = 4
"""Requests in flight at each server."""


def test_n_follows_the_load_up_and_down(measured: Measured) -> None:
    policy = {"min": FEW, "max": MANY, "in_flight": EACH, "up_after": 1, "down_after": 5}
    with Deployment(replicas=FEW, autoscale=policy) as system:
        plan = LoadPlan(url=system.url, path="/slow?seconds=0.3", most_open=FEW * EACH)
        with load(plan) as half:
            half.wait_for(8 * FEW * EACH)
            assert len(system.replicas) == FEW
            with load(plan) as other_half:
                up = seconds_until(system, MANY, within=15)
            down = seconds_until(system, FEW, within=20)
        measured(f"{FEW} to {MANY} servers in {up:.1f} s, back in {down:.1f} s; {half}; {other_half}")
        assert (half.failed, other_half.failed) == (0, 0)
        *grown, shrunk = steps(system)
        assert (grown[0]["facts"]["before"], grown[-1]["facts"]["after"]) == (FEW, MANY)
        assert all("in flight for 1 s is" in step["reason"] for step in grown)
        assert shrunk["facts"] == {"before": MANY, "after": FEW}
        assert "at most" in shrunk["reason"]


def seconds_until(system: System, n: int, *, within: float) -> float:
    began = time.monotonic()
    until(lambda: len(system.replicas) == n, f"{n} servers serve", within=within)
    return time.monotonic() - began


def steps(system: System) -> list[dict[str, Any]]:
    """The autoscaler's events. That of the last change comes when the drain has ended."""
    until(lambda: told(system)[-1]["facts"]["after"] == FEW, "the last change is told", within=10)
    return told(system)


def told(system: System) -> list[dict[str, Any]]:
    return list(system.operate("GET", "/events?kind=scale").document["events"])
