"""A fault that cannot begin is no fault."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest
from docker.errors import APIError

from loadtests.chaos import faults
from loadtests.chaos.actions import Begun, Context
from loadtests.faults.watcher import View, Views

SERVER = SimpleNamespace(id="id1", name="S1", status="running", attrs={"Config": {"Hostname": "S1"}}, kill=lambda: None)


def begun(fault: Any, *servers: Any) -> Begun:
    containers = SimpleNamespace(of=lambda _: servers, balancer=SimpleNamespace())
    system: Any = SimpleNamespace(containers=containers)
    chance = Random(1)  # noqa: S311 (a test, no secret)
    with ThreadPoolExecutor(1) as jobs:
        return fault(Context(system, Views(View(0.0)), jobs, chance, set(), 2))  # type: ignore[no-any-return]


def refused(*_: object) -> Any:
    raise APIError("busy")


@pytest.fixture(autouse=True)
def old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults.servers, "old_enough", lambda *_: [SERVER])
    monkeypatch.setattr(faults, "crash", lambda _: None)
    monkeypatch.setattr(faults, "run_in", lambda *_: "")


def test_a_server_that_is_hit_is_a_fault_and_one_whose_fault_cannot_be_prepared_is_none() -> None:
    assert not begun(lambda context: faults.hit_server(lambda _, server: server.kill, context)).is_void
    assert begun(lambda context: faults.hit_server(refused, context)).is_void


def test_without_a_spare_none_is_killed() -> None:
    assert begun(faults.hit_spare, SERVER).is_void
    spare = SimpleNamespace(**{**vars(SERVER), "name": "S1.spare"})
    assert not begun(faults.hit_spare, spare).is_void


def test_damage_that_fails_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not begun(faults.damage_state).is_void
    monkeypatch.setattr(faults, "run_in", refused)
    assert begun(faults.damage_state).is_void
