"""Planned changes and busy machines, with a load that is made up: it has sent all, and nothing of it failed."""

from __future__ import annotations

from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from loadtests.faults import changes
from loadtests.load.sender import LoadPlan
from tests.unit.loadtests.faults.some_load import PLAN, SomeLoad, flowing

TOO_LITTLE = [{"sent": 333}, {"left_out": 7}, {"failed": 1}]
SLOW = {"sent": 8}
"""Four at a time that take five seconds each: 0.8 a second."""


def cycles(monkeypatch: pytest.MonkeyPatch, **told: int) -> bool:
    monkeypatch.setattr(changes, "load", lambda _: flowing(SomeLoad(**told)))  # type: ignore[arg-type]
    well = SimpleNamespace(status=200)
    system: Any = SimpleNamespace(add=lambda _: well, rm=lambda _: well)
    return changes.cycles(system, times=2, plan=PLAN)


def test_cycles_whose_load_flows_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    assert cycles(monkeypatch)


@pytest.mark.parametrize("told", TOO_LITTLE, ids=str)
def test_cycles_whose_load_sends_too_little_or_fails_do_not(monkeypatch: pytest.MonkeyPatch, told: Any) -> None:
    assert not cycles(monkeypatch, **told)


def calm(monkeypatch: pytest.MonkeyPatch, *, home: Any = None, slow: Any = None, replaced: bool = False) -> bool:
    def some(plan: LoadPlan) -> Any:
        told = {**SLOW, **(slow or {})} if plan.path.startswith("/slow") else home or {}
        return flowing(SomeLoad(plan=plan, **told))

    monkeypatch.setattr(changes, "load", some)
    monkeypatch.setattr(changes, "_busy", lambda _: nullcontext())
    seen = iter([["a"], ["b" if replaced else "a"]])
    containers = SimpleNamespace(of=lambda _: [SimpleNamespace(id=each) for each in next(seen)])
    clock = iter([0.0, 0.0, 2.0])
    monkeypatch.setattr(changes, "time", SimpleNamespace(monotonic=lambda: next(clock), sleep=lambda _: None))
    system: Any = SimpleNamespace(url=PLAN.url, wait_until_ready=lambda: None, containers=containers)
    return changes.calm(system, seconds=1.0, plan=PLAN)


def test_a_calm_fleet_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert calm(monkeypatch)


def test_a_fleet_that_replaces_somebody_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not calm(monkeypatch, replaced=True)


@pytest.mark.parametrize("told", TOO_LITTLE, ids=str)
def test_a_load_that_sends_too_little_or_fails_is_no_proof_of_calm(monkeypatch: pytest.MonkeyPatch, told: Any) -> None:
    assert not calm(monkeypatch, home=told)


@pytest.mark.parametrize("told", [{"sent": 1}, {"failed": 1}], ids=str)
def test_nor_are_slow_requests_of_which_few_are_answered(monkeypatch: pytest.MonkeyPatch, told: Any) -> None:
    assert not calm(monkeypatch, slow=told)
