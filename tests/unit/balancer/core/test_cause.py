"""The cause of every reason that the plan gives."""

from __future__ import annotations

from dataclasses import replace

import pytest

from balancer.core.cause import Cause, cause_of
from balancer.core.observed import Observed
from balancer.core.plan import HUNG, failure

WELL = Observed("S1", 1, running=True, address="10.0.0.1:5000")
DEAD = replace(WELL, running=False, status="Exited (137)")

REASONS = [
    (failure(None, stopped=False), Cause.EXITED),
    (failure(DEAD, stopped=False), Cause.EXITED),
    (failure(replace(WELL, ending=True), stopped=False), Cause.EXITED),
    (failure(replace(DEAD, starved=1), stopped=False, memory="64m"), Cause.STARVED),
    (failure(replace(DEAD, starved=1), stopped=False), Cause.STARVED),
    (failure(replace(WELL, paused=True), stopped=False), Cause.HUNG),
    (failure(WELL, stopped=True), Cause.HUNG),
    (HUNG, Cause.SILENT),
    ("its node w2 is cut off", Cause.NODE),
    (failure(replace(DEAD, status="its node w2 is down"), stopped=False), Cause.NODE),
    (failure(replace(WELL, address=""), stopped=False), Cause.OTHER),
]


@pytest.mark.parametrize(("reason", "cause"), REASONS)
def test_every_reason_has_its_cause_also_behind_a_servers_name(reason: str, cause: Cause) -> None:
    assert cause_of(reason) is cause
    assert cause_of(f"S1 failed: {reason}") is cause


def test_every_cause_has_a_reason() -> None:
    assert {cause for _, cause in REASONS} == {*Cause}
