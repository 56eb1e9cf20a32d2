"""Faults one after another, on a made-up fleet with a made-up load: every request is judged, and so is the load."""

from __future__ import annotations

import time
from collections.abc import Collection
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from loadtests.faults import failures
from loadtests.faults.watcher import View, Views
from loadtests.traffic import Request
from tests.unit.loadtests.faults.some_load import PLAN, SomeLoad, flowing
from tests.unit.loadtests.some_requests import request, steady

BROKEN = [*steady(), request(0.0, status=502)]
TWICE = [*steady(), request(0.0, post="17")]


class SomeWire:
    heard = 1

    def repeated(self, posts: Collection[str]) -> list[str]:
        return [post for post in posts if post == "17"]


class Whole(Views):
    """The victim leaves and is replaced at once."""

    def left_at(self, _server: str, *, since: float) -> float:
        return since + 0.1

    def whole_at(self, *, since: float) -> float:
        return since + 0.1


@pytest.fixture(autouse=True)
def fleet(monkeypatch: pytest.MonkeyPatch) -> None:
    server = SimpleNamespace(attrs={"Config": {"Hostname": "S1"}})
    monkeypatch.setattr(failures, "old_enough", lambda *_: [server])
    monkeypatch.setattr(failures, "listening", lambda _: nullcontext(SomeWire()))
    monkeypatch.setattr(failures, "Watcher", lambda *_: nullcontext(Whole(View(0.0, replicas=("S1",), is_ready=True))))
    monkeypatch.setattr(failures, "time", SimpleNamespace(monotonic=time.monotonic, sleep=lambda _: None))


def measured(monkeypatch: pytest.MonkeyPatch, *batches: list[Request], **told: Any) -> bool:
    """One docker kill. `batches`: what ended before it, what began until it was judged, and what ended after that."""
    load = SomeLoad(requests=list(batches), **told)
    monkeypatch.setattr(failures, "load", lambda _: flowing(load))
    system: Any = SimpleNamespace(
        control_url="",
        authorization={},
        deployment="d",
        settings=SimpleNamespace(data_plane="haproxy"),
        is_ready=True,
        containers=SimpleNamespace(servers={}),
    )
    kill = {"docker kill": lambda *_: lambda: None}
    return failures.measure(system, kill, times=1, plan=PLAN)


def test_where_all_is_well_it_passes(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert measured(monkeypatch)
    assert "FAILURE" not in capsys.readouterr().err


@pytest.mark.parametrize("batch", [0, 1, 2], ids=["before the fault", "of the fault", "after the last fault"])
@pytest.mark.parametrize(
    ("requests", "said"),
    [(BROKEN, "1 idempotent requests failed: 502"), (TWICE, "POST 17 was sent to more than one server")],
    ids=["failed", "sent twice"],
)
def test_whenever_a_request_ends_it_is_judged(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    batch: int,
    requests: list[Request],
    said: str,
) -> None:
    batches = [steady(), steady(), steady()]
    batches[batch] = requests
    assert not measured(monkeypatch, *batches)
    assert said in capsys.readouterr().err


def test_what_a_fault_may_cost_traffic_without_one_may_not(monkeypatch: pytest.MonkeyPatch) -> None:
    late = [*steady(), request(0.0, 1.2, attempt=2)]
    assert measured(monkeypatch, steady(), late, steady())
    assert not measured(monkeypatch, late, steady(), steady())
    assert not measured(monkeypatch, steady(), steady(), late)


@pytest.mark.parametrize("told", [{"sent": 333}, {"left_out": 7}], ids=str)
def test_a_load_that_sends_too_little_fails(monkeypatch: pytest.MonkeyPatch, told: dict[str, int]) -> None:
    assert not measured(monkeypatch, **told)
